import { Age } from '../../../../web/components/age.tsx'
import { Name } from '../../../../web/components/name.tsx'
import { Panel } from '../../../../web/components/panel.tsx'
import type { AccountModel } from '../state/account-model.ts'

/** What happened to the user's devices, also while the page was closed. */
export function ActivityFeed({ account }: { readonly account: AccountModel }) {
  const activity = account.activity.value
  return (
    <Panel title="Activity" class="activity">
      {activity.length === 0 ? (
        <p class="empty">
          No activity since you first opened this page in this browser. Devices that come online, go offline
          or stop earning are listed here.
        </p>
      ) : (
        <ul class="feed">
          {activity.map(({ key, tone, device, text, at }) => (
            <li key={key} class="feed-line enters">
              <span class={`dot dot-${tone}`} aria-hidden="true" />
              <span class="feed-main">
                <b>
                  <Name text={device} />
                </b>{' '}
                {text}
              </span>
              <Age at={at} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
