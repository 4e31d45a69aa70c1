import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Subprocess } from 'bun'
import { ROOT } from '../architecture/source-files.ts'
import { type ServerProcess, startServer, temporaryFolder } from './server-process.ts'

/** Six nodes connect; 10 s later, in the file's time, one of them leaves and another one connects. */
const CHURN = [
  'time,ip,state',
  ...['198.51.100.1', '198.51.100.2', '198.51.100.3', '203.0.113.1', '203.0.113.2', '2001:db8::1'].map(
    (ip) => `1765484460,${ip},up`,
  ),
  '1765484470,198.51.100.1,down',
  '1765484470,203.0.113.9,up',
  '1765484500,203.0.113.9,down',
  '',
].join('\n')

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let server: ServerProcess
/** Processes that a failing test would leave behind. */
const children: Subprocess[] = []

beforeAll(async () => {
  folder = await temporaryFolder()
  await Bun.write(join(folder.path, 'churn.csv'), CHURN)
  server = await startServer(join(folder.path, 'data'))
})

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await server.stop()
  await folder.remove()
})

describe('keygen', () => {
  test('prints the public key, makes the file readable by its owner only, and overwrites nothing', async () => {
    const made = await run('keygen', '--out', join(folder.path, 'a.key'))
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[\w-]{43}\n$/) })
    const again = await run('keygen', '--out', join(folder.path, 'a.key'))
    expect(again).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('exists already') })
  })
})

describe('watch', () => {
  test('prints the snapshot of a public channel, in every format of the wire', async () => {
    for (const format of ['json', 'msgpack', 'packed']) {
      const watch = start('watch', 'rewards.summary', '--json', '--format', format, '--url', server.url)
      const first = JSON.parse(await watch.line((line) => line.startsWith('{')))
      expect(first).toMatchObject({ type: 'snapshot', channel: 'rewards.summary', data: { online: 0 } })
      await watch.end('SIGINT')
    }
  })

  test('says what to do if a channel needs a login or does not exist, or if the key is unknown', async () => {
    const key = join(folder.path, 'b.key')
    await run('keygen', '--out', key)
    const at = ['--url', server.url]
    expect((await run('watch', 'rewards.networks', ...at)).stderr).toContain('--key FILE')
    expect((await run('watch', 'rewards.nothing', ...at)).stderr).toContain('EntityNotFound')
    // What is public is so in the workspace main, and nobody is told which others there are.
    for (const workspace of ['desk', 'nowhere'])
      expect((await run('watch', 'rewards.summary', '--workspace', workspace, ...at)).stderr).toContain(
        '--key FILE',
      )
    expect((await run('watch', 'rewards.summary', '--workspace', 'a/b', ...at)).stderr).toContain(
      '--workspace must be',
    )
    const unknown = await run('watch', 'rewards.networks', '--key', key, ...at)
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('InvalidCredentials') })
  })

  test('logs in with a key, and registers it when told to', async () => {
    const key = join(folder.path, 'c.key')
    await run('keygen', '--out', key)
    const watch = start('watch', 'rewards.networks', '--key', key, '--register', '--url', server.url)
    await watch.line((line) => line.includes('rewards.networks snapshot'))
    await watch.end('SIGINT')
  })
})

describe('replay', () => {
  test('connects the file’s nodes with their own addresses, plays it to the end, and disconnects all', async () => {
    const watch = start('watch', 'rewards.summary', '--json', '--url', server.url)
    const seen = (online: number) =>
      watch.line((line) => {
        const { data, changes } = JSON.parse(line)
        return data?.online === online || changes?.online === online
      })
    await seen(0)
    const replay = run('replay', join(folder.path, 'churn.csv'), '--speed', '10', '--url', server.url)
    await seen(6)
    await seen(0)
    const ended = await replay
    expect(ended.stdout).toContain('7 devices, at most 6 at once, 9 changes')
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    expect(ended.stdout).toContain('played to the end: 7 logins, 0 errors')
    await watch.end('SIGINT')
  })

  test('uses the same users the second time', async () => {
    const users = async () => {
      const watch = start('watch', 'rewards.summary', '--json', '--url', server.url)
      const { data } = JSON.parse(await watch.line((line) => line.startsWith('{')))
      await watch.end('SIGINT')
      return { users: data.users, devices: data.devices }
    }
    const before = await users()
    const again = (...more: readonly string[]) =>
      run('replay', join(folder.path, 'churn.csv'), '--speed', '1000', '--url', server.url, ...more)
    expect((await again()).stdout).toContain(', 0 errors')
    expect(await users()).toEqual(before)
    expect((await again('--key-seed', 'x')).stdout).toContain(', 0 errors')
    const others = await users()
    expect(others.users).toBeGreaterThan(before.users)
  })

  test('leaves cleanly on Ctrl-C, and survives a restart of the server', async () => {
    const replay = start('replay', join(folder.path, 'churn.csv'), '--speed', '0.01', '--url', server.url)
    await replay.line((line) => line.includes('playing') && line.includes('6 of 6 up'))
    const { port, dataDir } = server
    await server.stop('SIGKILL')
    await replay.line((line) => line.includes('0 of 6 up'))
    server = await startServer(dataDir, { DASHBOARD_PORT: String(port) })
    await replay.line((line) => line.includes('6 of 6 up'))
    const { code, stdout } = await replay.end('SIGINT')
    expect(code).toBe(0)
    expect(stdout).toContain('stopped: 12 logins')
    const watch = start('watch', 'rewards.summary', '--json', '--url', server.url)
    await watch.line((line) => line.includes('"online":0'))
    await watch.end('SIGINT')
  }, 60_000)

  test('refuses a bad file and a missing server in one line', async () => {
    await Bun.write(join(folder.path, 'bad.csv'), 'time,ip,state\n1,nowhere,up\n')
    const bad = await run('replay', join(folder.path, 'bad.csv'), '--url', server.url)
    expect(bad).toMatchObject({ code: 1, stdout: '' })
    expect(bad.stderr).toMatch(/^\S+bad\.csv:2: ip must be [^\n]+\n$/)
    const nobody = await run('replay', join(folder.path, 'churn.csv'), '--url', 'http://127.0.0.1:1')
    expect(nobody).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^no server [^\n]+npm start[^\n]+\n$/),
    })
  })
})

/** Every tool prints its help, with the name that the README uses, and refuses unknown options. */
for (const tool of ['keygen', 'watch', 'replay', 'cluster'] as const) {
  test(`${tool} --help`, async () => {
    const help = await run(tool, '--help')
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining(`npm run ${tool} --`) })
    expect(await run(tool, '--nonsense')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--nonsense'),
    })
    const scripts: { scripts: Record<string, string> } = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    )
    expect(scripts.scripts[tool]).toBe(`bun ${entryOf(tool)}`)
  })
}

/** Runs a tool to its end; returns its exit code and output. */
async function run(tool: string, ...args: readonly string[]) {
  const started = start(tool, ...args)
  return started.ended
}

/** Starts a tool; `line` waits for the next line of its output that matches. */
function start(tool: string, ...args: readonly string[]) {
  const child: Subprocess<'ignore', 'pipe', 'pipe'> = Bun.spawn(
    [process.execPath, join(ROOT, entryOf(tool)), ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  children.push(child)
  let stdout = ''
  let looked = 0
  let arrived = Promise.withResolvers<void>()
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      stdout += text
      arrived.resolve()
      arrived = Promise.withResolvers()
    }
    arrived.resolve()
  })()
  const stderr = new Response(child.stderr).text()
  const ended = (async () => {
    await reading
    return { code: await child.exited, stdout, stderr: await stderr }
  })()
  return {
    ended,
    line: async (matches: (line: string) => boolean): Promise<string> => {
      for (;;) {
        const news = arrived.promise
        for (let end = stdout.indexOf('\n', looked); end >= 0; end = stdout.indexOf('\n', looked)) {
          const line = stdout.slice(looked, end)
          looked = end + 1
          if (matches(line)) return line
        }
        if (child.exitCode !== null) throw new Error(`${tool} ended first: ${stdout}${await stderr}`)
        await news
      }
    },
    end: (signal: NodeJS.Signals) => {
      child.kill(signal)
      return ended
    },
  }
}

/** Programs for development are in `tools`, those for operators in `src/cli`. */
function entryOf(tool: string): string {
  return tool === 'replay' || tool === 'cluster' ? `tools/${tool}.ts` : `src/cli/${tool}.ts`
}
