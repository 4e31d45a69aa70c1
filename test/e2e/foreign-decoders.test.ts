import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json } from '../../src/core/json.ts'
import { encodeServerMessage } from '../../src/protocol/encode-server-message.ts'
import { encodeMsgpack } from '../../src/protocol/msgpack-writer.ts'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import { missing } from './foreign/missing.ts'

const FOREIGN = join(import.meta.dir, 'foreign')
const PYTHON = '/usr/bin/python3'
const GO_PATH = `${process.env.PATH ?? ''}:/usr/local/go/bin`
const GO = Bun.which('go', { PATH: GO_PATH }) ?? 'go'

const folder = await mkdtemp(join(tmpdir(), 'foreign-'))
afterAll(() => rm(folder, { recursive: true }))

/** Numbers at the borders of all formats of integers, and fractions. */
const NUMBERS: readonly number[] = [
  ...[7, 8, 15, 16, 31, 32, 33, 40, 52].flatMap((bits) => [
    2 ** bits - 1,
    2 ** bits,
    -(2 ** bits),
    -(2 ** bits) - 1,
  ]),
  ...[0, -1, -32, -33, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  ...[0.5, -0.25, 1 / 3, 1e300, 23.75],
]

const MESSAGE = {
  type: 'update',
  channel: 'a',
  epoch: 0xffff_ffff,
  from: Number.MAX_SAFE_INTEGER - 1,
  seq: Number.MAX_SAFE_INTEGER,
  timestamp: 1_764_400_000_000,
  changes: Object.fromEntries(NUMBERS.map((number, index) => [`n${index}`, number])),
} satisfies ServerMessage

describe('P-9: stock decoders of other languages read integers up to 2^53 as integers, fractions as floats', () => {
  const frames = [encodeServerMessage(MESSAGE, 'msgpack'), encodeMsgpack(MESSAGE)]

  test.skipIf(missing('Python msgpack', [PYTHON, '-c', 'import msgpack']))('Python msgpack', async () => {
    expectNumbers(await decode([PYTHON, join(FOREIGN, 'decode.py')]))
  })

  test.skipIf(missing('Go', [GO, 'version']))(
    'Go vmihailenco/msgpack',
    async () => {
      const program = join(folder, 'decode')
      const build = Bun.spawn([GO, 'build', '-o', program, '.'], {
        cwd: join(FOREIGN, 'go'),
        env: { ...process.env, PATH: GO_PATH },
        stderr: 'pipe',
      })
      if ((await build.exited) !== 0) throw new Error(await new Response(build.stderr).text())
      expectNumbers(await decode([program]))
    },
    120_000,
  )

  /** Returns what a program makes of the frames: for each the kind and value of each number. */
  async function decode(command: readonly string[]): Promise<readonly unknown[]> {
    const input = frames.map((frame) => `${Buffer.from(frame).toString('hex')}\n`).join('')
    const child = Bun.spawn([...command], { stdin: Buffer.from(input), stdout: 'pipe', stderr: 'pipe' })
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ])
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}`)
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  }

  function expectNumbers(seen: readonly unknown[]): void {
    const wanted: { readonly [name: string]: Json } = {
      ...MESSAGE.changes,
      seq: MESSAGE.seq,
      timestamp: MESSAGE.timestamp,
    }
    expect(seen).toHaveLength(frames.length)
    for (const one of seen) {
      const read = Object.entries(one ?? {}).map(([name, [kind, text]]) => [name, [kind, Number(text)]])
      const expected = Object.entries(wanted).map(([name, value]) => [
        name,
        [Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 53 ? 'integer' : 'float', value],
      ])
      expect(Object.fromEntries(read)).toEqual(Object.fromEntries(expected))
    }
  }
})
