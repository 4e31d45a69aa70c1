import type { Millis } from '../core/clock.ts'

/** A port that the children of this process may share, and no other program may have. */
export type PortClaim = {
  /** The port; for 0, the free one that was taken. */
  readonly number: number
  release(): void
}

/**
 * Takes a port for processes that will share it. The kernel shares a port between all programs that ask for
 * it, so a second server would bind it without an error and get every other connection. Therefore the port is
 * first bound alone, which fails when any other program has it; then a name for it is held as long as this
 * process lives, which keeps a second supervisor out also while none of our processes runs. The name is an
 * abstract socket: like ports it belongs to the network namespace, and the kernel frees it however this
 * process ends.
 *
 * Waits at most `timeout` ms for a port that is taken: the processes of a supervisor that was killed are
 * about to end. Rejects with what Bun throws for an address that is taken or is none of this machine's.
 */
export async function claimPort(
  host: string,
  port: number,
  timeout: Millis,
  wait: (time: Millis) => Promise<void>,
): Promise<PortClaim> {
  for (let waited = 0; waited < timeout; waited += POLL_INTERVAL) {
    try {
      return claimNow(host, port)
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      if (!isTaken) throw error
      await wait(POLL_INTERVAL)
    }
  }
  return claimNow(host, port)
}

const POLL_INTERVAL: Millis = 250

function claimNow(host: string, port: number): PortClaim {
  const probe = Bun.serve({ hostname: host, port, reusePort: false, fetch: () => new Response() })
  const number = probe.port ?? port
  void probe.stop(true)
  const name = `\0dashboard-server ${process.getuid?.() ?? 0} ${host} ${number}`
  const claim = Bun.listen({ unix: name, socket: { open: (socket) => void socket.end(), data() {} } })
  return { number, release: () => claim.stop(true) }
}
