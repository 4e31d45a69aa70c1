import { useSignal } from '@preact/signals'
import type { Identity } from '../state/identity.ts'
import { writeKeyText } from '../state/key-text.ts'
import { useApp } from './app-context.ts'
import { KeyImportButton } from './key-import.tsx'
import { Modal } from './modal.tsx'

type KeyCareProps = { readonly identity: Identity; readonly username: string }

/** What one can do with the key of this browser. */
export function KeyCare({ identity, username }: KeyCareProps) {
  const isForgetting = useSignal(false)
  return (
    <div class="key-care">
      <p class="quiet small">
        {identity.origin === 'made'
          ? 'Your key lives in this browser only. Whoever has it is you, and without it nobody can be you again: export it.'
          : 'This browser keeps a copy of the key you gave it. Whoever uses this browser is you.'}
      </p>
      <div class="actions">
        <button type="button" class="button button-small" onClick={() => exportKey(identity, username)}>
          Export key
        </button>
        <button
          type="button"
          class="button button-small button-quiet"
          onClick={() => {
            isForgetting.value = true
          }}
        >
          Forget key
        </button>
        <KeyImportButton label="Use another key" />
      </div>
      {isForgetting.value ? (
        <ForgetKey
          identity={identity}
          username={username}
          onClose={() => {
            isForgetting.value = false
          }}
        />
      ) : null}
    </div>
  )
}

function ForgetKey({ identity, username, onClose }: KeyCareProps & { readonly onClose: () => void }) {
  const { forgetKey } = useApp()
  return (
    <Modal title="Forget this key?" onClose={onClose}>
      <p>
        The key of <b>{username}</b> is removed from this browser. Its devices and points stay on the server,
        but unless you exported the key, nobody can ever log in as {username} again.
      </p>
      <div class="actions">
        <button type="button" class="button" onClick={() => exportKey(identity, username)}>
          Export it first
        </button>
        <button
          type="button"
          class="button button-bad"
          onClick={() => {
            void forgetKey()
            onClose()
          }}
        >
          Forget it for good
        </button>
        <button type="button" class="button button-quiet" onClick={onClose}>
          Cancel
        </button>
      </div>
    </Modal>
  )
}

/** Saves the key as a file that the command line tools read too. */
function exportKey({ key }: Identity, username: string): void {
  const address = URL.createObjectURL(new Blob([writeKeyText(key)], { type: 'application/x-pem-file' }))
  const link = document.createElement('a')
  link.href = address
  link.download = `${username}.key`
  link.click()
  // The download has taken the bytes once the click is handled.
  setTimeout(() => URL.revokeObjectURL(address))
}
