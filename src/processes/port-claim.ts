import type { Millis } from '../core/clock.ts'

/** A port that this process's children may share, and nobody else's. */
export type PortClaim = {
  /** The port; with 0 asked for, the one that was free. */
  readonly number: number
  release(): void
}

/**
 * Takes a port for processes that will share it. Sharing is an agreement of the kernel with whoever asks for
 * it, so a second server would bind without a word and get every other connection: therefore the port is
 * first bound alone, which fails when anybody has it, and then a name for it is held as long as this process
 * lives, which keeps a second supervisor out also while none of our processes is up. The name is an abstract
 * socket: like ports it belongs to the network namespace, and the kernel frees it however we end. Waits for a
 * port that is taken, at most `patience` ms: when a supervisor was killed, its processes are on their way
 * out. Rejects with what Bun throws for an address that is taken or not ours.
 */
export async function claimPort(
  host: string,
  port: number,
  patience: Millis,
  wait: (time: Millis) => Promise<void>,
): Promise<PortClaim> {
  for (let waited = 0; waited < patience; waited += PAUSE) {
    try {
      return claimNow(host, port)
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      if (!isTaken) throw error
      await wait(PAUSE)
    }
  }
  return claimNow(host, port)
}

const PAUSE: Millis = 250

function claimNow(host: string, port: number): PortClaim {
  const probe = Bun.serve({ hostname: host, port, reusePort: false, fetch: () => new Response() })
  const number = probe.port ?? port
  void probe.stop(true)
  const name = `\0dashboard-server ${process.getuid?.() ?? 0} ${host} ${number}`
  const claim = Bun.listen({ unix: name, socket: { open: (socket) => void socket.end(), data() {} } })
  return { number, release: () => claim.stop(true) }
}
