import { BOARDS } from 'virtual:boards'
import { render } from 'preact'
import { Announcer } from './components/announcer.tsx'
import { KeyImport } from './components/key-import.tsx'
import { LinkBanner } from './components/link-status.tsx'
import { PageFooter } from './components/page-footer.tsx'
import { PageHeader } from './components/page-header.tsx'
import { usePageTitle } from './components/page-title.ts'
import { ProblemNotice } from './components/problem-notice.tsx'
import { ShellContext } from './components/shell-context.ts'
import { ViewPlace } from './components/view-place.tsx'
import { createShell } from './state/shell.ts'

const place = document.getElementById('page')
if (place === null) throw new Error('index.html has no element for the page')
place.textContent = ''
render(
  <ShellContext.Provider value={createShell(window, BOARDS)}>
    <Page />
  </ShellContext.Provider>,
  place,
)

function Page() {
  usePageTitle()
  return (
    <>
      <PageHeader />
      <div>
        <LinkBanner />
        <ProblemNotice />
      </div>
      <ViewPlace />
      <PageFooter />
      <KeyImport />
      <Announcer />
    </>
  )
}
