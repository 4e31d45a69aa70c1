import { useComputed } from '@preact/signals'
import { useShell } from '../../../../web/components/shell-context.ts'
import { useAnnouncement, useHeadline } from '../../../../web/components/view-texts.ts'
import { formatCount } from '../../../../web/format.ts'
import { explainEarning } from '../state/explain.ts'
import { type Rewards, rewardsOf } from '../state/rewards.ts'

/** Returns everything behind the views of this board. */
export function useRewards(): Rewards {
  return rewardsOf(useShell())
}

/**
 * Says how many devices are online in the title of the window, and whether this tab is one to screen readers.
 */
export function useRewardsTexts(): void {
  const { network, tab, mine } = useRewards()
  useHeadline(
    useComputed(() => (network.isLoaded.value ? `${formatCount(network.online.value)} online` : '')),
  )
  useAnnouncement(
    useComputed(() => {
      const present = mine.value
      const device = present?.account.device(present.identity.browserId).value ?? null
      const isDevice = tab.state.value.status === 'on' && device !== null
      const words = isDevice ? `This tab is a device: ${explainEarning(device.earning).label}. ` : ''
      // The number is not followed: it changes all the time.
      return network.isLoaded.value ? `${words}${formatCount(network.online.peek())} devices online.` : words
    }),
  )
}
