import { useSignal } from '@preact/signals'
import type { Identity } from '../state/identity.ts'
import { loadKeys } from '../state/load-keys.ts'
import type { SignedIn } from '../state/session.ts'
import { KeyImportButton } from './key-import.tsx'
import { Modal } from './modal.tsx'
import { Name } from './name.tsx'
import { useShell } from './shell-context.ts'

type KeyCareProps = { readonly mine: SignedIn }

/** What one can do with the key of this browser. */
export function KeyCare({ mine }: KeyCareProps) {
  const isForgetting = useSignal(false)
  return (
    <div class="key-care">
      <p class="quiet small">
        {mine.identity.origin === 'made'
          ? 'Your key is in this browser only. Export it: it is the only way to log in as this user, and anyone who has it can.'
          : 'This browser keeps a copy of your key. Anyone who uses this browser is logged in as you.'}
      </p>
      <div class="actions">
        <ExportButton mine={mine} label="Export key" isSmall />
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
          mine={mine}
          onClose={() => {
            isForgetting.value = false
          }}
        />
      ) : null}
    </div>
  )
}

function ForgetKey({ mine, onClose }: KeyCareProps & { readonly onClose: () => void }) {
  const { session } = useShell()
  return (
    <Modal title="Forget this key?" onClose={onClose}>
      <p>
        The key of <Name text={mine.user.username} /> is removed from this browser. The data of this user
        stays on the server, but without a copy of the key nobody can log in as this user again.
      </p>
      <div class="actions">
        <ExportButton mine={mine} label="Export it first" />
        <button
          type="button"
          class="button button-bad"
          onClick={() => {
            void session.forget()
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

type ExportButtonProps = KeyCareProps & { readonly label: string; readonly isSmall?: boolean }

function ExportButton({ mine, label, isSmall = false }: ExportButtonProps) {
  return (
    <button
      type="button"
      class={isSmall ? 'button button-small' : 'button'}
      onClick={() => void exportKey(mine.identity, mine.user.username)}
    >
      {label}
    </button>
  )
}

/** Saves the key as a file that the command line tools read too. */
async function exportKey({ key }: Identity, username: string): Promise<void> {
  const keys = await loadKeys()
  // The code was loaded with the key.
  if (!keys.ok) return
  const text = keys.value.writeKeyText(key)
  const address = URL.createObjectURL(new Blob([text], { type: 'application/x-pem-file' }))
  const link = document.createElement('a')
  link.href = address
  link.download = `${username}.key`
  link.click()
  // The download has taken the bytes once the click is handled.
  setTimeout(() => URL.revokeObjectURL(address))
}
