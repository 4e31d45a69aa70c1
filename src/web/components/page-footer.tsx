import { useShell } from './shell-context.ts'

/** What the board of the present view wants to be known, and where programs find the same data. */
export function PageFooter() {
  const { note } = useShell().place.value.board.page
  return (
    <footer class="page-footer">
      <p>
        {note} <a href="/openapi">REST API</a> · <a href="/health">Server health</a>
      </p>
    </footer>
  )
}
