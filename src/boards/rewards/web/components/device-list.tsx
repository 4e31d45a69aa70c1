import type { ReadonlySignal } from '@preact/signals'
import { Panel } from '../../../../web/components/panel.tsx'
import { formatCount, formatCounted } from '../../../../web/format.ts'
import type { AccountModel } from '../state/account-model.ts'
import { DeviceRow } from './device-row.tsx'

type DeviceListProps = {
  readonly account: AccountModel
  /** The device that this tab is. */
  readonly ownDevice: ReadonlySignal<string | null>
}

/** All devices of the user: a table, and cards on narrow screens. */
export function DeviceList({ account, ownDevice }: DeviceListProps) {
  const ids = account.deviceIds.value
  const { devices, online, earning } = account.counts.value
  return (
    <Panel
      title="Devices"
      class="devices"
      aside={
        <span class="quiet">
          {formatCounted(devices, 'device')}, {formatCount(online)} online, {formatCount(earning)} earning
        </span>
      }
    >
      {!account.isLoaded.value ? (
        <p class="empty">Loading your devices…</p>
      ) : ids.length === 0 ? (
        <p class="empty">
          You have no devices yet. Make this tab a device, or connect a program with the same key: see
          docs/PROTOCOL.md.
        </p>
      ) : (
        <table class="records device-table">
          <thead>
            <tr>
              <th scope="col">Device</th>
              <th scope="col">Location</th>
              <th scope="col">Status</th>
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
