import { Card, WaitingCard } from '../../../../web/components/card.tsx'
import { ErrorText } from '../../../../web/components/error-text.tsx'
import { KeyImportButton } from '../../../../web/components/key-import.tsx'
import { Name } from '../../../../web/components/name.tsx'
import { RefusedKey } from '../../../../web/components/refused-key.tsx'
import { useShell } from '../../../../web/components/shell-context.ts'
import { TabLive } from './tab-live.tsx'
import { useRewards } from './use-rewards.ts'

/** The button that makes this tab a device; afterwards, what the device does. */
export function TabCard() {
  const { session } = useShell()
  const { tab } = useRewards()
  const state = tab.state.value
  const login = session.state.value
  if (login.status === 'signing-in' && state.status === 'off')
    return <WaitingCard text="Logging in with the key of this browser…" />
  if (login.status === 'refused') return <RefusedKey error={login.error} />
  switch (state.status) {
    case 'off':
      return <Invitation />
    case 'starting':
      return <WaitingCard text="Connecting as a device…" />
    case 'on':
      return <TabLive />
    case 'elsewhere':
      return (
        <Card title="Another tab is the device">
          <p>
            This browser is already a device, in another tab. To use this tab instead, close the other one or
            stop its device.
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
  const present = useShell().signedIn.value
  return (
    <Card title="Join the network">
      <p>
        One click makes this browser tab a device: it goes online, measures its own connection, gets a score
        and earns points. Nothing to install.
      </p>
      <StartButton label="Make this tab a device" />
      {present === null ? (
        <p class="quiet small">
          There is no password: a key is made and kept in this browser.{' '}
          <KeyImportButton label="I have a key" />
        </p>
      ) : (
        <p class="quiet small">
          You are logged in as{' '}
          <b>
            <Name text={present.user.username} />
          </b>
          . Keep the tab open while it is a device.
        </p>
      )}
    </Card>
  )
}

function StartButton({ label }: { readonly label: string }) {
  const { startDevice } = useRewards()
  return (
    <button type="button" class="button button-main" onClick={() => void startDevice()}>
      {label}
    </button>
  )
}
