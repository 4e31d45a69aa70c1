import type { AppError } from '../../core/errors.ts'
import { explainError } from '../state/explain.ts'

/** What is wrong, and what to do. */
export function ErrorText({ error }: { readonly error: AppError }) {
  const { wrong, todo } = explainError(error)
  return (
    <p class="error-text" role="alert">
      {sentence(wrong)} {todo}
    </p>
  )
}

/** Messages of programs begin small and end without a stop. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(begun) ? begun : `${begun}.`
}
