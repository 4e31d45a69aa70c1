import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** A source file of ours: `path` relative to the project's root, with forward slashes. */
export type SourceFile = { readonly path: string; readonly text: string }

export const ROOT = resolve(import.meta.dir, '../..')

/** Returns every TypeScript file of the folders given, sorted by path. */
export function sourceFiles(...folders: readonly string[]): readonly SourceFile[] {
  return textFiles(`{${folders.join(',')}}/**/*.{ts,tsx}`)
}

/** Returns every file whose path matches a glob, sorted by path. */
export function textFiles(glob: string): readonly SourceFile[] {
  return [...new Bun.Glob(glob).scanSync({ cwd: ROOT })]
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => ({ path, text: readFileSync(resolve(ROOT, path), 'utf8') }))
}

/** Lines as `wc -l` counts them. */
export function lineCount(file: SourceFile): number {
  return file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0)
}
