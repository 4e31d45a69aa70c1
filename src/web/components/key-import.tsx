import { useSignal } from '@preact/signals'
import { fail, type Result } from '../../core/result.ts'
import { loadKeys } from '../state/load-keys.ts'
import type { LoginMode } from '../state/session.ts'
import { Modal } from './modal.tsx'
import { Name } from './name.tsx'
import { useShell } from './shell-context.ts'

/** A button that asks for a key from elsewhere. */
export function KeyImportButton({ label }: { readonly label: string }) {
  const { isImportingKey } = useShell()
  return (
    <button
      type="button"
      class="link"
      onClick={() => {
        isImportingKey.value = true
      }}
    >
      {label}
    </button>
  )
}

/** The dialog behind these buttons. It is not part of the view, which changes while a key is tried. */
export function KeyImport() {
  const { isImportingKey } = useShell()
  const close = () => {
    isImportingKey.value = false
  }
  return isImportingKey.value ? <KeyImportDialog onClose={close} /> : null
}

function KeyImportDialog({ onClose }: { readonly onClose: () => void }) {
  const { session } = useShell()
  const text = useSignal('')
  const problem = useSignal<string | null>(null)
  const isBusy = useSignal(false)
  /** The server does not know the key; if it is new, its owner may register it. */
  const isUnknown = useSignal(false)
  const attempt = async (logIn: () => Promise<Result<unknown>>, mode: LoginMode) => {
    isBusy.value = true
    isUnknown.value = false
    const result = await logIn()
    isBusy.value = false
    if (result.ok) {
      onClose()
      return
    }
    problem.value = `The login failed: ${result.error.message}.`
    isUnknown.value = mode === 'known' && result.error.code === 'InvalidCredentials'
  }
  const useKey = async (mode: LoginMode) => {
    const keys = await loadKeys()
    const key = keys.ok ? keys.value.readKeyText(text.peek()) : fail(`${keys.error.message}; reload the page`)
    if (key.ok) await attempt(() => session.signInWith(key.value, mode), mode)
    else problem.value = key.error
  }
  const setText = (next: string) => {
    text.value = next
    problem.value = null
    isUnknown.value = false
  }
  return (
    <Modal title="Log in with a key" onClose={onClose}>
      <p>
        Paste a private key or choose its file. <code>npm run keygen</code> makes one. The key stays in this
        browser; it is never sent.
      </p>
      <ReplacedKey />
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void useKey('known')
        }}
      >
        <KeyFields text={text.value} isInvalid={problem.value !== null} onText={setText} />
        <p id="key-problem" class="error-text" role="alert">
          {problem}
        </p>
        <div class="actions">
          <button type="submit" class="button button-main" disabled={isBusy}>
            Log in
          </button>
          {isUnknown.value ? (
            <button type="button" class="button" disabled={isBusy} onClick={() => void useKey('register')}>
              Register it
            </button>
          ) : null}
          <button type="button" class="button button-quiet" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
      <NewKey isBusy={isBusy.value} onNewKey={() => void attempt(() => session.signUp(), 'register')} />
    </Modal>
  )
}

type KeyFieldsProps = {
  readonly text: string
  readonly isInvalid: boolean
  readonly onText: (text: string) => void
}

function KeyFields({ text, isInvalid, onText }: KeyFieldsProps) {
  return (
    <>
      <label class="field">
        <span>Private key (PEM)</span>
        <textarea
          class="mono"
          rows={4}
          spellcheck={false}
          autocomplete="off"
          placeholder={'-----BEGIN PRIVATE KEY-----'}
          value={text}
          aria-invalid={isInvalid}
          aria-describedby="key-problem"
          onInput={(event) => onText(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>or its file</span>
        <input
          type="file"
          accept=".key,.pem,text/plain"
          onChange={async (event) => onText((await event.currentTarget.files?.[0]?.text()) ?? '')}
        />
      </label>
    </>
  )
}

/** Warns the owner of a key that is kept nowhere but in this browser. */
function ReplacedKey() {
  const mine = useShell().signedIn.value
  if (mine === null || mine.identity.origin !== 'made') return null
  return (
    <p class="note note-warn">
      It replaces the key that this browser has now. Export that one first if you want to log in as{' '}
      <Name text={mine.user.username} /> again.
    </p>
  )
}

type NewKeyProps = { readonly isBusy: boolean; readonly onNewKey: () => void }

function NewKey({ isBusy, onNewKey }: NewKeyProps) {
  const { session } = useShell()
  if (session.state.value.status !== 'anonymous') return null
  return (
    <p class="quiet small">
      You have no key yet?{' '}
      <button type="button" class="link" disabled={isBusy} onClick={onNewKey}>
        Make one in this browser
      </button>
    </p>
  )
}
