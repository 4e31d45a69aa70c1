import type { AccountModel } from '../state/account-model.ts'
import { Age } from './age.tsx'
import { Panel } from './panel.tsx'

/** What happened to the user's devices; also while nobody was looking. */
export function ActivityFeed({ account }: { readonly account: AccountModel }) {
  const activity = account.activity.value
  return (
    <Panel title="Activity" class="activity">
      {activity.length === 0 ? (
        <p class="empty">
          Nothing has happened since this browser first looked. Devices that come, go or stop earning show up
          here.
        </p>
      ) : (
        <ul class="feed">
          {activity.map(({ key, tone, device, text, at }) => (
            <li key={key} class="feed-line enters">
              <span class={`dot dot-${tone}`} aria-hidden="true" />
              <span class="feed-main">
                <b>{device}</b> {text}
              </span>
              <Age at={at} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
