import { type Static, Type } from '@sinclair/typebox'
import { message, text, timestamp } from '../schema.ts'

/** The session belongs to this user from now on, until `expires` if that is present. */
export const AuthenticatedMessage = message('authenticated', {
  user: Type.Object({ id: text('id of the user', 64), username: text('name of the user', 256, 0) }),
  expires: Type.Optional(timestamp),
})
export type AuthenticatedMessage = Static<typeof AuthenticatedMessage>
