import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { isMounted, unmount } from '../../../src/replication/litefs/mount.ts'
import { temporaryFolder } from '../../support/storages.ts'

const folder = temporaryFolder()
const real = realpathSync(folder.path)
afterAll(() => folder.remove())

/** As proc_pid_mountinfo(5) has it. */
const LIST = `
22 27 0:21 / /proc rw,nosuid,nodev - proc proc rw
52 27 0:48 / /litefs rw,nosuid,nodev,relatime shared:7 - fuse litefs rw,user_id=0,group_id=0
53 27 0:49 / /with\\040blank rw - fuse.sshfs host: rw
54 27 0:50 / ${real}/mount rw - fuse litefs rw
55 27 8:1 /litefs /data rw - ext4 /dev/vda rw
56 27 0:51 / /litefs-2 rw - tmpfs litefs rw
`.trim()

describe('a mount', () => {
  test('is looked up in the kernel’s list, by its whole name', () => {
    for (const path of ['/litefs', '/with blank'])
      expect({ path, isMounted: isMounted(path, LIST) }).toEqual({ path, isMounted: true })
    for (const path of ['/lite', '/litefs/x', '/litefs-3']) {
      expect({ path, isMounted: isMounted(path, LIST) }).toEqual({ path, isMounted: false })
    }
  })

  test('what is no FUSE file system is none', () => {
    for (const path of ['/proc', '/data', '/litefs-2']) expect(isMounted(path, LIST)).toBe(false)
  })

  test('a symbolic link on the way does not hide it', () => {
    mkdirSync(join(folder.path, 'mount'))
    symlinkSync(folder.path, join(folder.path, 'link'))
    expect(isMounted(join(folder.path, 'link', 'mount'), LIST)).toBe(true)
    expect(isMounted(join(folder.path, 'link', 'other'), LIST)).toBe(false)
  })

  test('the present list is asked by itself; taking away what is not there does nothing', async () => {
    expect(isMounted('/proc')).toBe(false)
    await unmount(folder.path)
    await unmount(join(folder.path, 'not', 'there'))
  })
})
