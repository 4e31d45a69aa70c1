import { readFileSync } from 'node:fs'

/** Whether a FUSE file system is mounted at the folder. Asks the kernel's list, never the mount itself, which may hang. */
export function isMounted(mountDir: string): boolean {
  // Fields 4 and after " - ": proc_pid_mountinfo(5). Blanks in paths are written as \040.
  const wanted = mountDir.replaceAll(' ', '\\040')
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === wanted && / - fuse/.test(line))
}

/**
 * Takes away a mount whose LiteFS is gone. Lazily: the files that are still open on it stay open, and dead, while a new one can take
 * its place. More than once, as mounts may lie on top of each other.
 */
export async function unmount(mountDir: string): Promise<void> {
  for (let round = 0; round < MOST_LAYERS && isMounted(mountDir); round++) {
    const done = Bun.spawn(['fusermount3', '-u', '-z', mountDir], { stdio: ['ignore', 'ignore', 'ignore'] })
    await done.exited
  }
}

const MOST_LAYERS = 4
