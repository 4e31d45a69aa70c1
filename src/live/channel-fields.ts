import { DEFAULT_WORKSPACE, type WorkspaceId } from '../core/ids.ts'

/** The fields that name a channel in a message: the workspace is left out where it is `main` (rule S-16). */
export type ChannelFields = { readonly channel: string; readonly workspace?: string }

export function channelFields(channel: {
  readonly address: string
  readonly workspace: WorkspaceId
}): ChannelFields {
  const { address, workspace } = channel
  return { channel: address, ...workspaceField(workspace) }
}

export function workspaceField(workspace: WorkspaceId): { readonly workspace?: string } {
  return workspace === DEFAULT_WORKSPACE ? {} : { workspace }
}
