import { describe, expect, test } from 'bun:test'
import { lineCount, sourceFiles } from './source-files.ts'

const FOLDERS = ['src', 'db', 'tools', 'test', 'bench'] as const
const LARGEST = 400
const NINTH_DECILE = 250
const MEDIAN = 120

const files = sourceFiles(...FOLDERS)
const sizes = files.map(lineCount).sort((a, b) => a - b)

describe('file sizes', () => {
  test(`no file is longer than ${LARGEST} lines`, () => {
    const tooLong = files.filter((file) => lineCount(file) > LARGEST)
    expect(tooLong.map((file) => `${file.path}: ${lineCount(file)} lines`)).toEqual([])
  })

  test(`nine files of ten have at most ${NINTH_DECILE} lines, half of them at most ${MEDIAN}`, () => {
    const [median, ninth, largest] = [quantile(0.5), quantile(0.9), quantile(1)]
    console.log(
      `file sizes: median ${median}, ninth decile ${ninth}, largest ${largest} (${sizes.length} files)`,
    )
    expect(ninth).toBeLessThanOrEqual(NINTH_DECILE)
    expect(median).toBeLessThanOrEqual(MEDIAN)
  })
})

describe('file names', () => {
  test('are kebab-case', () => {
    const odd = files.filter((file) => !/^[a-z0-9/-]+(\.(test|bench|d))?\.tsx?$/.test(file.path))
    expect(odd.map((file) => file.path)).toEqual([])
  })
})

function quantile(share: number): number {
  return sizes[Math.max(0, Math.ceil(sizes.length * share) - 1)] ?? 0
}
