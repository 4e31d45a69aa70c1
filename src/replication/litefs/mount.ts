import { readFileSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Returns true if a FUSE file system is mounted at the folder. Reads the kernel's list, and never the mount
 * itself, which may hang.
 */
export function isMounted(mountDir: string, list = readFileSync('/proc/self/mountinfo', 'utf8')): boolean {
  // Fields 4 and after " - ": proc_pid_mountinfo(5). Blanks in paths are written as \040.
  const wanted = withoutLinks(mountDir).replaceAll(' ', '\\040')
  return list.split('\n').some((line) => line.split(' ')[4] === wanted && / - fuse/.test(line))
}

/**
 * Returns a path as the kernel lists it, without symbolic links (`/var/run` is one). The folder itself is not
 * resolved: it is the mount.
 */
function withoutLinks(mountDir: string): string {
  try {
    return join(realpathSync(dirname(mountDir)), basename(mountDir))
  } catch {
    // It does not exist yet.
    return mountDir
  }
}

/**
 * Removes a mount whose LiteFS is gone, and those beneath it. Lazily: files that are still open on it stay
 * open, and dead, while a new mount can take its place.
 */
export async function unmount(mountDir: string): Promise<void> {
  for (let round = 0; round < MAX_LAYERS && isMounted(mountDir); round++) {
    const done = Bun.spawn(['fusermount3', '-u', '-z', mountDir], { stdio: ['ignore', 'ignore', 'ignore'] })
    await done.exited
  }
}

const MAX_LAYERS = 4
