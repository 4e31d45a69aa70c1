import type { BoardPage } from '../../../web/board-page.ts'
import { TAB_IS_DEVICE } from './state/tab-item.ts'

const page: BoardPage = {
  title: 'Rewards',
  note: 'Points are provisional until they are settled, once an hour.',
  views: [
    {
      id: 'rewards.network',
      title: 'Network',
      path: 'network',
      channels: ['rewards.summary'],
      load: () => import('./views/network-view.tsx'),
    },
    {
      id: 'rewards.account',
      title: 'My devices',
      path: 'account',
      channels: ['rewards.networks', 'rewards.earnings'],
      badge: { channel: 'rewards.earnings', field: 'devices' },
      load: () => import('./views/account-view.tsx'),
    },
  ],
  resume: { key: TAB_IS_DEVICE, load: () => import('./resume.ts') },
}

export default page
