/* What needs the code of Ed25519. It is a script of its own (load-keys.ts): most visitors have no key. */
export { createKey, openKey } from '../../client/key.ts'
export { readKeyText, writeKeyText } from './key-text.ts'
