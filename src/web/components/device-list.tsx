import type { ReadonlySignal } from '@preact/signals'
import type { AccountModel } from '../state/account-model.ts'
import { DeviceRow } from './device-row.tsx'
import { Panel } from './panel.tsx'

type DeviceListProps = {
  readonly account: AccountModel
  /** Marks the row that is this very tab. */
  readonly ownDevice: ReadonlySignal<string | null>
}

/** Every device of the user: a table, which narrow screens show as cards. */
export function DeviceList({ account, ownDevice }: DeviceListProps) {
  const ids = account.deviceIds.value
  const { devices, online, earning } = account.counts.value
  return (
    <Panel
      title="Devices"
      class="devices"
      aside={
        <span class="quiet">
          {devices} in all, {online} online, {earning} earning
        </span>
      }
    >
      {!account.isLoaded.value ? (
        <p class="empty">Loading your devices…</p>
      ) : ids.length === 0 ? (
        <p class="empty">
          You have no device yet. Make this tab one, or connect a program of yours with the same key
          (docs/PROTOCOL.md).
        </p>
      ) : (
        <table class="device-table">
          <thead>
            <tr>
              <th scope="col">Device</th>
              <th scope="col">Place</th>
              <th scope="col">State</th>
              <th scope="col">Score</th>
              <th scope="col">Connection</th>
              <th scope="col" class="right">
                Online for
              </th>
              <th scope="col" class="right">
                Points
              </th>
            </tr>
          </thead>
          <tbody>
            {ids.map((id) => (
              <DeviceRow key={id} device={account.device(id)} ownDevice={ownDevice} />
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}
