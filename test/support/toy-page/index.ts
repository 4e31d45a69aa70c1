import type { BoardPage } from '../../../src/web/board-page.ts'

const page: BoardPage = {
  title: 'Toy',
  note: 'This board is for tests.',
  views: [
    {
      id: 'toy.counters',
      title: 'Counters',
      path: 'counters',
      channels: ['toy.total', 'toy.pulse'],
      load: () => import('./counters-view.tsx'),
    },
  ],
}

export default page
