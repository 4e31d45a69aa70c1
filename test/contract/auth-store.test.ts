import { STORAGES } from '../support/storages.ts'
import { authStoreContract } from './auth-store.ts'

for (const { name, open } of STORAGES) {
  authStoreContract(name, () => {
    const { storage, remove } = open()
    return {
      store: storage.read((stores) => stores.auth),
      write: (work) => storage.write(work),
      close: remove,
    }
  })
}
