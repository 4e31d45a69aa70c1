import type { ErrorCode } from '../../core/errors.ts'
import { useApp } from './app-context.ts'
import { ErrorText } from './error-text.tsx'

/** Errors of no particular button, until the reader puts them away. Refused logins are told where they were asked for. */
export function ProblemNotice() {
  const { link } = useApp()
  const error = link.problem.value
  if (error === null || TOLD_ELSEWHERE.has(error.code)) return null
  return (
    <div class="banner banner-bad">
      <ErrorText error={error} />
      <button type="button" class="button button-small" onClick={() => link.dismissProblem()}>
        Dismiss
      </button>
    </div>
  )
}

const TOLD_ELSEWHERE: ReadonlySet<ErrorCode> = new Set([
  'Unauthorized',
  'InvalidCredentials',
  'SessionExpired',
  'ConnectionError',
  'ConnectionClosed',
  'InvalidNetworkData',
])
