import { render } from 'preact'
import { Announcer } from './components/announcer.tsx'
import { AppContext, useApp } from './components/app-context.ts'
import { KeyImport } from './components/key-import.tsx'
import { LinkBanner } from './components/link-status.tsx'
import { PageHeader } from './components/page-header.tsx'
import { usePageTitle } from './components/page-title.ts'
import { ProblemNotice } from './components/problem-notice.tsx'
import { type App, createApp } from './state/app.ts'
import { AccountView } from './views/account-view.tsx'
import { NetworkView } from './views/network-view.tsx'

const place = document.getElementById('page')
if (place === null) throw new Error('the page has no place to be drawn in')
place.textContent = ''
render(<Page app={createApp(window)} />, place)

function Page({ app }: { readonly app: App }) {
  return (
    <AppContext.Provider value={app}>
      <Content />
    </AppContext.Provider>
  )
}

function Content() {
  const app = useApp()
  const view = app.view.value
  usePageTitle()
  return (
    <>
      <PageHeader />
      <div>
        <LinkBanner />
        <ProblemNotice />
      </div>
      <main class={app.link.isLive.value ? 'page-main' : 'page-main is-stale'}>
        {view === 'network' ? <NetworkView /> : <AccountView />}
      </main>
      <footer class="page-footer">
        <p>
          Points are provisional until they are settled each hour. <a href="/openapi">REST</a> ·{' '}
          <a href="/health">Health</a>
        </p>
      </footer>
      <KeyImport />
      <Announcer />
    </>
  )
}
