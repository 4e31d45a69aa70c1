import { existsSync, renameSync, rmSync } from 'node:fs'
import { fail, ok, type Result } from '../../src/core/result.ts'
import { withLock } from './build-lock.ts'
import type { Program } from './programs.ts'

/** Takes one line that tells what is going on. */
export type Tell = (line: string) => void

export type Build = {
  readonly program: Program
  /** Path of the Go tool. */
  readonly go: string
  /** Folder of the module. */
  readonly folder: string
  readonly version: string
  /** Where the program goes, complete or not at all. */
  readonly target: string
  readonly tell: Tell
}

/** Builds a program unless somebody else has just done so; returns its path, or what Go had to say. */
export async function buildWithGo(build: Build): Promise<Result<string, string>> {
  const { program, target, tell, version } = build
  const onWait = ({ pid }: { pid: number }) =>
    tell(`${program.name} ${version}: process ${pid} is building it; waiting`)
  return withLock(`${target}.lock`, onWait, async () => {
    if (existsSync(target)) return ok(target)
    tell(`${program.name} ${version}: building it with Go, once; takes ${program.patience}`)
    const started = performance.now()
    const seconds = () => `${Math.round((performance.now() - started) / 1_000)} s`
    const ticking = setInterval(
      () => tell(`${program.name}: still building, ${seconds()}`),
      PROGRESS_INTERVAL,
    )
    const draft = `${target}.${process.pid}.tmp`
    try {
      const errors = await runGo(build, draft)
      if (errors !== null) return fail(`${program.name} ${version} cannot be built: ${errors}`)
      renameSync(draft, target)
      tell(`${program.name}: built in ${seconds()}: ${target}`)
      return ok(target)
    } finally {
      clearInterval(ticking)
      rmSync(draft, { force: true })
    }
  })
}

/** Between two lines that say that a build goes on, ms. */
const PROGRESS_INTERVAL = 20_000

/** The last lines of Go's complaints; null when it had none. */
async function runGo({ program, go, folder, version }: Build, out: string): Promise<string | null> {
  // LiteFS tells its version only if told so here; other programs have no such variable, which the linker
  // does not mind.
  const flags = `-s -w -X main.Version=v${version}`
  const child = Bun.spawn(
    // `readonly`: nothing but what go.mod and go.sum name; no change to them.
    [
      go,
      'build',
      '-mod=readonly',
      '-buildvcs=false',
      '-tags',
      'osusergo,netgo',
      '-ldflags',
      flags,
      '-o',
      out,
    ].concat(program.package),
    { cwd: folder, env: { ...process.env, CGO_ENABLED: '0' }, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const errors = await new Response(child.stderr).text()
  return (await child.exited) === 0 ? null : errors.trim().split('\n').slice(-5).join('; ')
}
