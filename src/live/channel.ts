import { type ChannelKey, DEFAULT_WORKSPACE, type WorkspaceId } from '../core/ids.ts'
import type { Feed } from './feed.ts'
import type { ChannelSource } from './ports.ts'
import type { Session } from './session.ts'

/**
 * A channel that at least one session holds. Most channels belong to one user and are idle, so it has no
 * document of its own: documents are in `documents.ts`, and patches are forwarded without one.
 */
export class Channel<Socket> {
  /** In no order. A session knows its index here, so that leaving costs the same however many there are. */
  readonly sessions: Session<Socket>[] = []
  /** One per rate; null while no session reads at that rate. */
  web: Feed<Socket> | null = null
  tui: Feed<Socket> | null = null

  /**
   * `seq` is a position with two properties: the channel did not change between it and the engine's own
   * position, and every session that is caught up from now on has at least this position. So a feed that
   * starts at `seq` fits all of them.
   */
  constructor(
    readonly key: ChannelKey,
    readonly source: ChannelSource,
    /** As clients name it, with its parameters. */
    readonly address: string,
    readonly workspace: WorkspaceId,
    public seq: number,
  ) {}

  /** Adds a session that does not hold this channel yet. */
  add(session: Session<Socket>): void {
    session.channels = [...session.channels, this]
    session.places = [...session.places, this.sessions.length]
    this.sessions.push(session)
  }

  /** Removes the session that holds this channel as its `index`th. */
  remove(session: Session<Socket>, index: number): void {
    const place = session.places[index]
    const last = this.sessions.pop()
    if (place === undefined || last === undefined) return
    if (last !== session) {
      this.sessions[place] = last
      last.places[last.channels.indexOf(this)] = place
    }
    session.channels = session.channels.filter((_, at) => at !== index)
    session.places = session.places.filter((_, at) => at !== index)
  }
}

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
