import type { ErrorCode } from '../../core/errors.ts'
import { ErrorText } from './error-text.tsx'
import { useShell } from './shell-context.ts'

/** Errors that are the result of no action of the reader, until the reader dismisses them. */
export function ProblemNotice() {
  const { link } = useShell()
  const error = link.problem.value
  if (error === null || SHOWN_ELSEWHERE.has(error.code)) return null
  return (
    <div class="banner banner-bad">
      <ErrorText error={error} />
      <button type="button" class="button button-small" onClick={() => link.dismissProblem()}>
        Dismiss
      </button>
    </div>
  )
}

/** Where the login was asked for, by the state of the connection, or by the view that sent the data. */
const SHOWN_ELSEWHERE: ReadonlySet<ErrorCode> = new Set([
  'Unauthorized',
  'InvalidCredentials',
  'SessionExpired',
  'ConnectionError',
  'ConnectionClosed',
  'InvalidNetworkData',
])
