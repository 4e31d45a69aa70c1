import { closeSync, openSync } from 'node:fs'

/** What this machine lacks for LiteFS, in one sentence that says what to do; null when it lacks nothing. */
export function missingForLitefs(): string | null {
  if (process.platform !== 'linux')
    return 'LiteFS runs on Linux only: use a Linux machine, or a container there'
  const fuse = openFuse()
  if (fuse === 'ENOENT') {
    return 'there is no /dev/fuse: load the kernel module (modprobe fuse), or give the container the device (docker run --privileged)'
  }
  if (fuse !== null)
    return `/dev/fuse cannot be opened (${fuse}): run this as root, or give your user access to it`
  if (Bun.which('fusermount3') === null) return 'there is no fusermount3: install the package fuse3'
  return null
}

/** Error code of opening the device; null when it opens. */
function openFuse(): string | null {
  try {
    closeSync(openSync('/dev/fuse', 'r+'))
    return null
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

/** Those of the places `[address, port]` that somebody else listens at, as `ADDRESS:PORT`. */
export function takenPorts(places: readonly (readonly [string, number])[]): readonly string[] {
  return places.filter(([address, port]) => !isFree(address, port)).map((place) => place.join(':'))
}

function isFree(hostname: string, port: number): boolean {
  try {
    Bun.listen({ hostname, port, socket: { data() {} } }).stop(true)
    return true
  } catch {
    return false
  }
}
