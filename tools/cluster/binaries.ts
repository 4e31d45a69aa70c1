import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../../src/cli/server-address.ts'
import { fail, ok, type Result } from '../../src/core/result.ts'
import { buildWithGo, type Tell } from './go-build.ts'
import { CONSUL, LITEFS, type Program } from './programs.ts'

/** Paths of the programs that a cluster needs besides ours. */
export type Binaries = { readonly litefs: string; readonly consul: string }

/** Both programs, as `findBinary` finds each. */
export async function findBinaries(
  environment: Environment,
  tell: Tell | 'build nothing',
): Promise<Result<Binaries, string>> {
  const litefs = await findBinary(LITEFS, environment, tell)
  if (!litefs.ok) return litefs
  const consul = await findBinary(CONSUL, environment, tell)
  return consul.ok ? ok({ litefs: litefs.value, consul: consul.value }) : consul
}

/**
 * The path of a program: the one that its variable names, else one in PATH that is new enough, else one
 * that was built before, else a new one, built with Go into a cache folder of the user (which `tell` hears
 * of). Fails with a sentence that says what to do.
 */
export async function findBinary(
  program: Program,
  environment: Environment,
  tell: Tell | 'build nothing',
): Promise<Result<string, string>> {
  const named = environment[program.variable]
  if (named) {
    const found = Bun.which(named, { PATH: environment.PATH ?? '' })
    return found === null ? fail(`${program.variable}: ${named} is no program that can be run`) : ok(found)
  }
  const folder = moduleFolder(program)
  const recipe = readRecipe(program, folder)
  const installed = Bun.which(program.name, { PATH: environment.PATH ?? '' })
  if (installed !== null && fits(versionIn(await output([installed, 'version'])), recipe.version)) {
    return ok(installed)
  }
  const cached = join(cacheFolder(environment), recipe.file)
  if (existsSync(cached)) return ok(cached)
  if (tell === 'build nothing') {
    return fail(`${program.name} ${recipe.version} is not here: npx bun tools/cluster-binaries.ts builds it`)
  }
  const go = Bun.which('go', { PATH: `${environment.PATH ?? ''}:/usr/local/go/bin` })
  if (go === null) {
    return fail(
      `${program.name} ${recipe.version} is not here and cannot be built: install Go, or ${program.name}, or name one in ${program.variable}`,
    )
  }
  mkdirSync(cacheFolder(environment), { recursive: true })
  return buildWithGo({ program, go, folder, version: recipe.version, target: cached, tell })
}

/** Where built programs are kept, outside of the checkout so that they outlive it. */
export function cacheFolder(environment: Environment): string {
  const base = environment.XDG_CACHE_HOME || join(environment.HOME || homedir(), '.cache')
  return join(base, 'dashboard-server')
}

/**
 * What a program is built of: its version, and the file's name, which differs for every content of `go.mod`
 * and `go.sum` and for every kind of machine.
 */
export function recipeOf(
  program: Program,
  goMod: string,
  goSum: string,
): { readonly version: string; readonly file: string } {
  const version = new RegExp(`^require ${RegExp.escape(program.module)} v(\\S+)$`, 'm').exec(goMod)?.[1]
  if (version === undefined) throw new Error(`go.mod of ${program.name} does not require ${program.module}`)
  const hash = createHash('sha256').update(goMod).update(goSum).digest('hex').slice(0, 8)
  return { version, file: [program.name, version, hash, process.platform, process.arch].join('-') }
}

/**
 * The version in what `PROGRAM version` prints, such as `LiteFS v0.5.14, commit=1a2b3c`; null for a build
 * that does not know its own.
 */
export function versionIn(text: string): string | null {
  return /\bv?(\d+\.\d+\.\d+)\b/.exec(text)?.[1] ?? null
}

/**
 * Whether a program found in PATH will do: not older than what we build, and without a change that breaks.
 */
export function fits(found: string | null, wanted: string): boolean {
  return found !== null && Bun.semver.satisfies(found, `^${wanted}`)
}

function moduleFolder(program: Program): string {
  return fileURLToPath(new URL(`../../deploy/build/${program.name}`, import.meta.url))
}

function readRecipe(program: Program, folder: string) {
  const text = (file: string) => readFileSync(join(folder, file), 'utf8')
  return recipeOf(program, text('go.mod'), text('go.sum'))
}

async function output(command: readonly string[]): Promise<string> {
  try {
    const child = Bun.spawn([...command], { stdio: ['ignore', 'pipe', 'ignore'] })
    return await new Response(child.stdout).text()
  } catch {
    // Not a program, or none for this machine.
    return ''
  }
}
