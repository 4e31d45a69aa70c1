import { type Static, Type } from '@sinclair/typebox'
import { ERROR_CODES } from '../../core/errors.ts'
import { channel, correlation, message, natural, oneOf, text, workspace } from '../schema.ts'

/** Something was refused; the session goes on unless a close follows. */
export const ErrorMessage = message('error', {
  code: oneOf('kind of error', ERROR_CODES),
  message: text('what is wrong and what to do, for people', 1024),
  channel: Type.Optional(channel),
  workspace: Type.Optional(workspace),
  id: Type.Optional(correlation),
  retry_after: Type.Optional(natural('milliseconds after which trying again makes sense')),
})
export type ErrorMessage = Static<typeof ErrorMessage>
