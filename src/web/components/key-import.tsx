import { useSignal } from '@preact/signals'
import { readKeyText } from '../state/key-text.ts'
import { useApp } from './app-context.ts'
import { Modal } from './modal.tsx'

/** A button that asks for a key made elsewhere. */
export function KeyImportButton({ label }: { readonly label: string }) {
  const { isImportingKey } = useApp()
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

/** The dialog behind these buttons. It stands beside the page's content, which changes while a key is tried. */
export function KeyImport() {
  const { isImportingKey } = useApp()
  const close = () => {
    isImportingKey.value = false
  }
  return isImportingKey.value ? <KeyImportDialog onClose={close} /> : null
}

function KeyImportDialog({ onClose }: { readonly onClose: () => void }) {
  const { session, signedIn, stopDevice } = useApp()
  const text = useSignal('')
  const problem = useSignal<string | null>(null)
  const isBusy = useSignal(false)
  /** The server refused the key; perhaps it is a new one, and its owner says so. */
  const isRefused = useSignal(false)
  const logIn = async (mode: 'register' | 'known') => {
    const key = readKeyText(text.peek())
    if (!key.ok) {
      problem.value = key.error
      return
    }
    isBusy.value = true
    isRefused.value = false
    await stopDevice()
    const result = await session.signInWith(key.value, mode)
    isBusy.value = false
    if (result.ok) {
      location.hash = '#account'
      onClose()
    } else {
      problem.value = `The server did not take this key: ${result.error.message}.`
      isRefused.value = mode === 'known' && result.error.code === 'InvalidCredentials'
    }
  }
  const forgetProblem = () => {
    problem.value = null
    isRefused.value = false
  }
  return (
    <Modal title="Log in with a key" onClose={onClose}>
      <p>
        Paste or open a private key file, as <code>npm run keygen</code> makes it. It is used in this browser
        only and never sent.
      </p>
      {signedIn.value?.identity.origin === 'made' ? (
        <p class="note note-warn">
          It takes the place of the key that this browser has now. Export that one first if you want to come
          back as {signedIn.value.username}.
        </p>
      ) : null}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void logIn('known')
        }}
      >
        <label class="field">
          <span>Private key (PEM)</span>
          <textarea
            class="mono"
            rows={4}
            spellcheck={false}
            autocomplete="off"
            placeholder={'-----BEGIN PRIVATE KEY-----'}
            value={text}
            aria-invalid={problem.value !== null}
            aria-describedby="key-problem"
            onInput={(event) => {
              text.value = event.currentTarget.value
              forgetProblem()
            }}
          />
        </label>
        <label class="field">
          <span>or its file</span>
          <input
            type="file"
            accept=".key,.pem,text/plain"
            onChange={async (event) => {
              text.value = (await event.currentTarget.files?.[0]?.text()) ?? ''
              forgetProblem()
            }}
          />
        </label>
        <p id="key-problem" class="error-text" role="alert">
          {problem}
        </p>
        <div class="actions">
          <button type="submit" class="button button-main" disabled={isBusy}>
            Log in
          </button>
          {isRefused.value ? (
            <button type="button" class="button" disabled={isBusy} onClick={() => void logIn('register')}>
              Register it
            </button>
          ) : null}
          <button type="button" class="button button-quiet" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Modal>
  )
}
