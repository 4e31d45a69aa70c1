import { describe, expect, test } from 'bun:test'
import { beyondDebts, type Finding } from './debts.ts'
import { functionLengths } from './function-length.ts'
import { boardNames, isGeneric } from './rooms.ts'
import { type SourceFile, sourceFiles, textFiles } from './source-files.ts'
import { readSyntax } from './syntax.ts'
import { tupleAsserts } from './tuple-asserts.ts'
import { hasWord } from './words.ts'

/** Lines of one function without the functions inside it. */
const MAX_OWN_LINES = 60
/** Lines of one function with them. */
const MAX_LINES = 150
/** Columns of a line of comment. */
const MAX_COMMENT_COLUMNS = 110

const CODE = ['src', 'db', 'tools', 'bench', 'test'] as const
const files = sourceFiles(...CODE)
const trees = await readSyntax()

describe('the seam between the server and its boards', () => {
  test('no room that serves every board names one', () => {
    const names = boardNames()
    expect(names.length).toBeGreaterThan(0)
    const generic = textFiles('src/**/*.{ts,tsx,css,html,json,svg,webmanifest}').filter(({ path }) =>
      isGeneric(path),
    )
    const found = generic.flatMap((file) => [
      ...namedIn(file.path, names).map((text) => ({ path: file.path, line: 0, text })),
      ...lines(file, (line) => (namedIn(line, names).length > 0 ? line.trim() : null)),
    ])
    expect(beyondDebts('boardNames', found)).toEqual([])
  })

  test('a name is found in every way of writing it, and not within another word', () => {
    const found = [
      'rewards',
      'rewardsRoutes',
      'createRewardsStore',
      'REWARDS_RULES',
      "'rewards-store.ts'",
      'rewards2',
    ]
    expect(found.filter((text) => !hasWord(text, 'rewards'))).toEqual([])
    expect(
      ['rewardsome', 'Rewardsome', 'forewards', 'reward'].filter((text) => hasWord(text, 'rewards')),
    ).toEqual([])
  })
})

describe('functions', () => {
  const checked = [...trees].filter(([path]) => /^(src|tools|bench)\//.test(path))
  const all = checked.flatMap(([path, tree]) => functionLengths(tree).map((each) => ({ path, ...each })))

  test('are read at all', () => {
    expect(all.length).toBeGreaterThan(1_000)
  })

  test(`have at most ${MAX_OWN_LINES} lines of their own, and ${MAX_LINES} with the functions inside them`, () => {
    const long = all.filter(({ lines, ownLines }) => ownLines > MAX_OWN_LINES || lines > MAX_LINES)
    const found = long.map(({ path, line, name, lines, ownLines }) => ({
      path,
      line,
      text: `${name} has ${ownLines} lines of its own, ${lines} in all`,
    }))
    expect(beyondDebts('functionLength', found)).toEqual([])
  })
})

describe('comments', () => {
  test(`end by column ${MAX_COMMENT_COLUMNS}`, () => {
    const tooWide = (line: string): boolean => line.length > MAX_COMMENT_COLUMNS && isComment(line)
    const found = files.flatMap((file) =>
      lines(file, (line) => (tooWide(line) ? `${line.length} columns` : null)),
    )
    expect(beyondDebts('commentWidth', found)).toEqual([])
  })

  test('of a function say what it returns, not what it "answers"', () => {
    const found = files.flatMap((file) =>
      lines(file, (line) => (/^\s*(\/\*\*|\*|\/\/) Answers (?!to\b|of\b)/.test(line) ? line.trim() : null)),
    )
    expect(beyondDebts('answers', found)).toEqual([])
  })
})

describe('names', () => {
  test('of constants are MAX_, MIN_, _TIMEOUT and _INTERVAL, and none of the words that once stood for these', () => {
    const odd =
      /\bconst (?:(?:MOST|LEAST)(?:_\w+)?|(?:\w+_)?(?:PATIENCE|SILENCE|WALL|AGAIN)(?!_TIMEOUT|_INTERVAL)(?:_\w+)?)\b/
    const found = files.flatMap((file) => lines(file, (line) => odd.exec(line)?.[0] ?? null))
    expect(beyondDebts('constantNames', found)).toEqual([])
  })

  test('of types with injected collaborators end in Deps, those of plain values in Options', () => {
    // The parts of a score are what they say.
    const odd = /\btype (?!ScoreParts\b)\w+(?:Parts|Params)\b(?= =|<)/
    const found = files
      .filter(({ path }) => !path.startsWith('test/'))
      .flatMap((file) => lines(file, (line) => odd.exec(line)?.[0] ?? null))
    expect(beyondDebts('typeNames', found)).toEqual([])
  })
})

describe('asserts', () => {
  test('do not compare several values at once in a list, of which a failure would not say what each one is', () => {
    const found = [...trees].flatMap(([path, tree]) =>
      tupleAsserts(tree).map(({ line, text }) => ({ path, line, text })),
    )
    expect(beyondDebts('tuples', found)).toEqual([])
  })
})

function isComment(line: string): boolean {
  return /^\s*(\/\/|\/\*|\*)/.test(line)
}

function namedIn(text: string, names: readonly string[]): readonly string[] {
  return names.filter((name) => hasWord(text, name))
}

/** Returns the lines of a file of which `judge` says something, with what it says. */
function lines(file: SourceFile, judge: (line: string) => string | null): readonly Finding[] {
  return file.text.split('\n').flatMap((line, index) => {
    const text = judge(line)
    return text === null ? [] : [{ path: file.path, line: index + 1, text }]
  })
}
