import { readFileSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Whether a FUSE file system is mounted at the folder. Asks the kernel's list, never the mount itself, which
 * may hang.
 */
export function isMounted(mountDir: string, list = readFileSync('/proc/self/mountinfo', 'utf8')): boolean {
  // Fields 4 and after " - ": proc_pid_mountinfo(5). Blanks in paths are written as \040.
  const wanted = withoutLinks(mountDir).replaceAll(' ', '\\040')
  return list.split('\n').some((line) => line.split(' ')[4] === wanted && / - fuse/.test(line))
}

/**
 * The kernel lists no symbolic links (`/var/run` is one). The folder itself is not looked at: it is the
 * mount.
 */
function withoutLinks(mountDir: string): string {
  try {
    return join(realpathSync(dirname(mountDir)), basename(mountDir))
  } catch {
    // It is not there yet.
    return mountDir
  }
}

/**
 * Takes away a mount whose LiteFS is gone. Lazily: the files that are still open on it stay open, and dead,
 * while a new one can take its place. More than once, as mounts may lie on top of each other.
 */
export async function unmount(mountDir: string): Promise<void> {
  for (let round = 0; round < MOST_LAYERS && isMounted(mountDir); round++) {
    const done = Bun.spawn(['fusermount3', '-u', '-z', mountDir], { stdio: ['ignore', 'ignore', 'ignore'] })
    await done.exited
  }
}

const MOST_LAYERS = 4
