import { type Static, Type } from '@sinclair/typebox'
import { channels, message, workspace } from '../schema.ts'

/** Asks for a new snapshot of the named channels, or of all subscribed channels of the workspace. */
export const RefreshMessage = message('refresh', {
  channels: Type.Optional(channels),
  workspace: Type.Optional(workspace),
})
export type RefreshMessage = Static<typeof RefreshMessage>
