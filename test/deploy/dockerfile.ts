import { read } from './files.ts'

export type Instruction = {
  /** The instruction, in capitals. */
  readonly name: string
  readonly words: string
  /** The number of its stage, from 0. */
  readonly stage: number
}

export type Copy = { readonly from: string | null; readonly sources: readonly string[]; readonly to: string }

/** Returns the instructions of the Dockerfile, with continuation lines joined. */
export function dockerfile(): readonly Instruction[] {
  const text = read('Dockerfile')
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, '')
  let stage = -1
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', words = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
      if (name === '') throw new Error(`not an instruction: ${line}`)
      if (name === 'FROM') stage += 1
      return { name, words, stage }
    })
}

/** Returns its stages: the image that each begins with, and its name, if it has one. */
export function stages(): readonly { readonly image: string; readonly name: string | null }[] {
  return named('FROM').map(({ words }) => {
    const [, image = '', name] = /^(\S+)(?: AS (\S+))?$/.exec(words) ?? []
    return { image, name: name ?? null }
  })
}

/** Returns every COPY instruction. */
export function copies(): readonly (Copy & { readonly stage: number })[] {
  return named('COPY').map(({ words, stage }) => {
    const [, from, paths = ''] = /^(?:--from=(\S+) )?([^-].*)$/.exec(words) ?? []
    const all = paths.split(/\s+/)
    return { from: from ?? null, sources: all.slice(0, -1), to: all.at(-1) ?? '', stage }
  })
}

export function named(name: string): readonly Instruction[] {
  return dockerfile().filter((instruction) => instruction.name === name)
}

/** Returns the only instruction of this name. Throws if there is none, or more than one. */
export function only(name: string): string {
  const [found, ...more] = named(name)
  if (found === undefined || more.length > 0) throw new Error(`not one ${name}`)
  return found.words
}

/** Returns the environment variables that the image sets. */
export function imageEnvironment(): { readonly [name: string]: string } {
  return Object.fromEntries(
    only('ENV')
      .split(/\s+/)
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  )
}

/** Returns the path in the image of a file of the repository; null if it is not copied under its own name. */
export function placeInImage(file: string): string | null {
  const copy = copies().find(({ from, sources }) => from === null && sources.includes(file))
  if (copy === undefined) return null
  return `/app/${copy.to.replace(/^\.\//, '')}${file.slice(file.lastIndexOf('/') + 1)}`
}

/**
 * Returns whether `.dockerignore` excludes a path from the build: of all patterns that match it or a folder
 * above it, the last one counts.
 */
export function isIgnored(path: string): boolean {
  const parts = path.split('/')
  const paths = parts.map((_, index) => parts.slice(0, index + 1).join('/'))
  let ignored = false
  for (const line of read('.dockerignore').split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const pattern = new Bun.Glob(line.replace(/^!/, ''))
    if (paths.some((part) => pattern.match(part))) ignored = !line.startsWith('!')
  }
  return ignored
}
