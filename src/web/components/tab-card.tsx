import type { ComponentChildren } from 'preact'
import type { AppError } from '../../core/errors.ts'
import { useApp } from './app-context.ts'
import { ErrorText } from './error-text.tsx'
import { KeyImportButton } from './key-import.tsx'
import { TabLive } from './tab-live.tsx'

/** The one button: this very tab becomes a device. Afterwards, what it does. */
export function TabCard() {
  const { tab, session } = useApp()
  const state = tab.state.value
  const who = session.state.value
  if (who.status === 'signing-in' && state.status === 'off')
    return <Waiting text="Logging in with the key of this browser…" />
  if (who.status === 'refused') return <Refused error={who.error} />
  switch (state.status) {
    case 'off':
      return <Invitation />
    case 'starting':
      return <Waiting text="Connecting as a device…" />
    case 'on':
      return <TabLive />
    case 'elsewhere':
      return (
        <Card title="Another tab is the device">
          <p>
            This browser is online as a device in another tab. Close that tab, or stop it there, to use this
            one.
          </p>
          <StartButton label="Try again" />
        </Card>
      )
    case 'failed':
      return (
        <Card title="This tab is not a device">
          <ErrorText error={state.error} />
          <StartButton label="Try again" />
        </Card>
      )
    default:
      return state satisfies never
  }
}

function Invitation() {
  const { signedIn } = useApp()
  const who = signedIn.value
  return (
    <Card title="Be part of it">
      <p>
        One click makes this browser tab a device: it goes online, measures its own connection, is scored and
        earns points. Nothing to install.
      </p>
      <StartButton label="Make this tab a device" />
      {who === null ? (
        <p class="quiet small">
          A key is made and kept in this browser; there is no password.{' '}
          <KeyImportButton label="I have a key" />
        </p>
      ) : (
        <p class="quiet small">
          You are logged in as <b>{who.username}</b>. Keep the tab open while it is a device.
        </p>
      )}
    </Card>
  )
}

/** Only a wrong key is a reason to register or to forget it; anything else may pass. */
function Refused({ error }: { readonly error: AppError }) {
  const { session, forgetKey } = useApp()
  const isUnknown = error.code === 'InvalidCredentials'
  return (
    <Card title={isUnknown ? 'Your key is not known here' : 'The login did not work'}>
      <ErrorText error={error} />
      <div class="actions">
        <button
          type="button"
          class="button"
          onClick={() => void (isUnknown ? session.register() : session.retry())}
        >
          {isUnknown ? 'Register it on this server' : 'Try again'}
        </button>
        {isUnknown ? (
          <button type="button" class="button button-quiet" onClick={() => void forgetKey()}>
            Forget the key
          </button>
        ) : null}
      </div>
    </Card>
  )
}

function StartButton({ label }: { readonly label: string }) {
  const { startDevice } = useApp()
  return (
    <button type="button" class="button button-main" onClick={() => void startDevice()}>
      {label}
    </button>
  )
}

function Waiting({ text }: { readonly text: string }) {
  return (
    <Card title="One moment">
      <p class="waiting">
        <span class="spinner" aria-hidden="true" />
        {text}
      </p>
    </Card>
  )
}

function Card({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section class="panel tab-card" aria-labelledby="tab-title">
      <h2 id="tab-title" class="tab-title">
        {title}
      </h2>
      {children}
    </section>
  )
}
