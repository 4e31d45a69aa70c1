import { appError } from '../../core/errors.ts'
import { fail, ok, type Result } from '../../core/result.ts'

export type Keys = typeof import('./keys.ts')

/** Loads the code for keys. EntityNotFound when the server does not have it, or cannot be reached. */
export async function loadKeys(): Promise<Result<Keys>> {
  try {
    return ok(await import('./keys.ts'))
  } catch {
    return fail(appError('EntityNotFound', 'the code for keys could not be loaded'))
  }
}
