import type { AppError } from '../../core/errors.ts'
import { explainError } from '../state/explain-error.ts'

/** What is wrong, and what to do about it. */
export function ErrorText({ error }: { readonly error: AppError }) {
  const { wrong, todo } = explainError(error)
  return (
    <p class="error-text" role="alert">
      {sentence(wrong)} {todo}
    </p>
  )
}

/** Returns a message, which begins with a small letter and ends without a full stop, as a sentence. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(begun) ? begun : `${begun}.`
}
