import type { AppError } from '../../core/errors.ts'
import { Card } from './card.tsx'
import { ErrorText } from './error-text.tsx'
import { useShell } from './shell-context.ts'

/**
 * The key of this browser was refused. Only an unknown key may be registered or forgotten; other errors may
 * pass.
 */
export function RefusedKey({ error }: { readonly error: AppError }) {
  const { session } = useShell()
  const isUnknown = error.code === 'InvalidCredentials'
  return (
    <Card title={isUnknown ? 'Your key is not known here' : 'The login did not work'}>
      <ErrorText error={error} />
      <div class="actions">
        <button
          type="button"
          class="button"
          onClick={() => void (isUnknown ? session.register() : session.retry())}
        >
          {isUnknown ? 'Register it on this server' : 'Try again'}
        </button>
        {isUnknown ? (
          <button type="button" class="button button-quiet" onClick={() => void session.forget()}>
            Forget the key
          </button>
        ) : null}
      </div>
    </Card>
  )
}
