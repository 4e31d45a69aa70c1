import type { SupervisorLink } from './supervisor-link.ts'

/** Returns the supervisor's writer, of the same shape as a writer of this process's own. */
export function writerBehind(link: SupervisorLink) {
  return {
    bus: link.bus,
    status: () => link.host().writer,
    position: () => link.host().position,
    close: link.drain,
  }
}
