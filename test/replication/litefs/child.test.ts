import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findLitefs, startLitefs } from '../../../src/replication/litefs/child.ts'
import { followLog } from '../../../src/replication/litefs/log-file.ts'
import { recordingLogger } from '../../support/journal.ts'
import { temporaryFolder } from '../../support/storages.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())
let programs = 0

/** A program that is started as LiteFS is. */
function program(script: string) {
  const binary = join(folder.path, `program-${++programs}`)
  writeFileSync(binary, `#!/bin/bash\n${script}\n`)
  chmodSync(binary, 0o755)
  return {
    binary,
    file: join(folder.path, `litefs-${programs}.yml`),
    pidFile: join(folder.path, `litefs-${programs}.pid`),
    logFile: join(folder.path, `litefs-${programs}.log`),
    now: () => performance.now(),
    logger: recordingLogger(),
  }
}

/** Resolves when it has said something. */
async function speaks({ logger }: ReturnType<typeof program>): Promise<void> {
  while (logger.lines.length === 0) await Bun.sleep(2)
}

describe('a LiteFS that is started', () => {
  test('gets its file, has its number written down, and ends with its last lines', async () => {
    const deps = program('for i in 1 2 3 4 5 6; do echo "$i $*"; done >&2; printf last; exit 99')
    const child = startLitefs(deps)
    expect(readFileSync(deps.pidFile, 'utf8')).toBe(`${child.pid}\n`)
    const { how, lines } = await child.exited
    expect(how).toBe('exit code 99')
    expect(lines).toHaveLength(5)
    expect(lines).toContain(`6 mount -config ${deps.file}`)
    expect(lines).not.toContain(`1 mount -config ${deps.file}`)
  })

  test('its last line counts also without a line break', async () => {
    const { lines } = await startLitefs(program('echo first; printf last')).exited
    expect(lines).toEqual(['first', 'last'])
  })

  test("nothing that it says gives the cluster's id or a token of Consul's away", async () => {
    const said =
      'level=INFO msg="no \\"consul\\" lease of LFSC377391AA48DB249D at http://:to-ken@consul:8500/x"'
    const { lines } = await startLitefs(program(`echo '${said}'`)).exited
    expect(lines).toEqual(['level=INFO msg="no \\"consul\\" lease of LFSC…249D at http://…@consul:8500/x"'])
  })

  test('is killed by signals, and says so', async () => {
    const deps = program('trap "" TERM; echo up; while :; do sleep 0.02; done')
    const child = startLitefs(deps)
    await speaks(deps)
    child.kill('SIGTERM')
    child.kill('SIGKILL')
    expect((await child.exited).how).toBe('SIGKILL')
    child.kill('SIGTERM')
  })

  test('what it leaves behind is not waited for', async () => {
    const deps = program(`sleep 20 & echo $! > ${join(folder.path, 'left')}; exit 1`)
    const begun = performance.now()
    expect((await startLitefs(deps).exited).how).toBe('exit code 1')
    expect(performance.now() - begun).toBeLessThan(10_000)
    process.kill(Number(readFileSync(join(folder.path, 'left'), 'utf8')), 'SIGKILL')
  })

  test('a program that is not there is an error at once', () => {
    const deps = program('')
    expect(() => startLitefs({ ...deps, binary: join(folder.path, 'nothing') })).toThrow()
  })
})

describe('a LiteFS that is found', () => {
  /** Any program whose command line reads as LiteFS's does, and that stays. */
  async function leftBehind(file: string) {
    writeFileSync(file, '')
    const child = Bun.spawn(['tail', 'mount', '-f', file], { stdio: ['ignore', 'ignore', 'ignore'] })
    while (!readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').startsWith('tail')) await Bun.sleep(1)
    return child
  }

  test('is the one that runs with this file, and no other', async () => {
    const deps = program('')
    const { file } = deps
    const other = await leftBehind(`${file}.other`)
    expect(findLitefs(deps)).toBeNull()
    const child = await leftBehind(file)
    expect(findLitefs(deps)?.pid).toBe(child.pid)
    for (const each of [child, other]) {
      each.kill('SIGKILL')
      await each.exited
    }
    expect(findLitefs(deps)).toBeNull()
  })

  // With pipes in place of a file it would die of its next word, and a cluster lose its primary to the end of
  // some replica.
  test('outlives the server that started it, whatever it says, and is heard by the next one', async () => {
    const deps = program('for i in $(seq 500); do echo "line $i"; sleep 0.02; done')
    const module = join(import.meta.dir, '../../../src/replication/litefs/child.ts')
    const { binary, file, pidFile, logFile } = deps
    const code = `const { startLitefs } = await import(${JSON.stringify(module)})
      const quiet = { debug() {}, info() {}, warn() {}, error() {} }
      const now = () => performance.now()
      const paths = ${JSON.stringify({ binary, file, pidFile, logFile })}
      console.log(startLitefs({ ...paths, now, logger: quiet }).pid)
      setInterval(() => {}, 1_000)`
    const server = Bun.spawn([process.execPath, '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
    const { value } = await server.stdout.getReader().read()
    const pid = Number(new TextDecoder().decode(value))
    server.kill('SIGKILL')
    await server.exited
    expect(pid).toBeGreaterThan(0)
    const stop = followLog(logFile, 'end', deps.logger.info)
    while (deps.logger.lines.length < 10) await Bun.sleep(10)
    stop()
    process.kill(pid, 'SIGKILL')
  })

  test('can be ended, and its end is noticed', async () => {
    const deps = program('')
    const { file } = deps
    await leftBehind(file)
    const found = findLitefs(deps)
    found?.kill('SIGTERM')
    expect(await found?.exited).toEqual({ how: 'it ended', lines: [] })
    expect(findLitefs(deps)).toBeNull()
    found?.kill('SIGKILL')
  })
})
