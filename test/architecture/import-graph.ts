import { dirname, join, normalize } from 'node:path'
import type { SourceFile } from './source-files.ts'

/**
 * One import: from a file of ours to a file of ours (`to` is its path) or to a package (`to` is its
 * specifier).
 */
export type Import = {
  readonly from: string
  readonly to: string
  readonly kind: 'file' | 'package'
  /** A type import is erased by the compiler: it does not load the other file. */
  readonly typeOnly: boolean
}

/**
 * Returns every import of a file: static ones, re-exports, dynamic ones, and worker entry points named by
 * `new URL('./x.ts', import.meta.url)`. `import { type A }` counts as a value import, because under
 * `verbatimModuleSyntax` the module is loaded.
 */
export function importsOf(file: SourceFile): readonly Import[] {
  const found: Import[] = []
  for (const match of file.text.matchAll(STATIC)) {
    const [, type, specifier] = match
    if (specifier !== undefined) found.push(toImport(file.path, specifier, type !== undefined))
  }
  for (const pattern of [DYNAMIC, WORKER]) {
    for (const [, specifier] of file.text.matchAll(pattern)) {
      if (specifier !== undefined) found.push(toImport(file.path, specifier, false))
    }
  }
  return found
}

/** Returns every file and package that is loaded with a file, by value imports. */
export function loadedWith(start: string, imports: readonly Import[]): ReadonlySet<string> {
  const next = Map.groupBy(
    imports.filter(({ typeOnly }) => !typeOnly),
    ({ from }) => from,
  )
  const loaded = new Set([start])
  // A set that grows while it is walked is walked to its end.
  for (const file of loaded) for (const { to } of next.get(file) ?? []) loaded.add(to)
  return loaded
}

/** Returns the circles of imports, those of types included, each as the list of its files. */
export function cycles(imports: readonly Import[]): readonly (readonly string[])[] {
  const next = new Map<string, string[]>()
  for (const edge of imports) {
    if (edge.kind === 'package') continue
    next.set(edge.from, [...(next.get(edge.from) ?? []), edge.to])
  }
  const found: string[][] = []
  const done = new Set<string>()
  const walk = (file: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(file)
    if (seenAt >= 0) {
      found.push([...trail.slice(seenAt), file])
      return
    }
    if (done.has(file)) return
    for (const to of next.get(file) ?? []) walk(to, [...trail, file])
    done.add(file)
  }
  for (const file of next.keys()) walk(file, [])
  return found
}

// Only names, braces, commas and stars may be between the keyword and `from`, so that an `export type X =
// ...` before an import does not match.
const STATIC = /^(?:import|export)\s+(?:(type)\s+(?!from\b))?(?:[\w$*{},\s]+?\s*from\s*)?['"]([^'"]+)['"]/gm
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]/g
const WORKER = /\bnew URL\(\s*['"](\.[^'"]+\.tsx?)['"]\s*,\s*import\.meta\.url/g

function toImport(from: string, specifier: string, typeOnly: boolean): Import {
  if (!specifier.startsWith('.')) return { from, to: specifier, kind: 'package', typeOnly }
  return { from, to: normalize(join(dirname(from), specifier)).replaceAll('\\', '/'), kind: 'file', typeOnly }
}
