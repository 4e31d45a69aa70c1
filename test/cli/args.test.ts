import { describe, expect, test } from 'bun:test'
import { type CommandLine, numberIn, readArgs } from '../../src/cli/args.ts'

const command: CommandLine = {
  name: 'npm run tool --',
  about: 'Does a thing.',
  positionals: ['FILE'],
  flags: [
    { name: 'speed', value: 'N', about: 'how fast' },
    { name: 'json', about: 'as JSON' },
  ],
}

describe('command lines', () => {
  test('give positionals, values and switches', () => {
    const read = readArgs(command, ['a.csv', '--speed', '3', '--json'])
    if (!read.ok) throw new Error('refused')
    expect(read.value.positionals).toEqual(['a.csv'])
    expect(read.value.text('speed')).toBe('3')
    expect(read.value.on('json')).toBe(true)
  })

  test('a flag that was not given is undefined, a switch off', () => {
    const read = readArgs(command, ['a.csv'])
    if (!read.ok) throw new Error('refused')
    expect(read.value.text('speed')).toBeUndefined()
    expect(read.value.on('json')).toBe(false)
  })

  const wrong: readonly (readonly [string, readonly string[], string])[] = [
    ['an unknown flag', ['a.csv', '--sped', '3'], '--sped'],
    ['a flag without its value', ['a.csv', '--speed'], '--speed'],
    ['a missing argument', [], 'FILE is missing'],
    ['an argument too many', ['a', 'b'], "'b'"],
  ]
  for (const [what, argv, names] of wrong) {
    test(`${what} is refused in one line that names it`, () => {
      const read = readArgs(command, argv)
      if (read.ok || read.error.type !== 'wrong') throw new Error('taken')
      expect(read.error.message).toContain(names)
      expect(read.error.message).not.toContain('\n')
    })
  }

  test('--help shows every flag and the usage', () => {
    const read = readArgs(command, ['--help'])
    if (read.ok || read.error.type !== 'help') throw new Error('no help')
    for (const part of ['npm run tool -- FILE [flags]', '--speed N', '--json', 'Does a thing.']) {
      expect(read.error.page).toContain(part)
    }
  })
})

describe('numbers', () => {
  test('within bounds are taken, bounds included', () => {
    expect(numberIn('n', '1', 1, 5, 'whole')).toEqual({ ok: true, value: 1 })
    expect(numberIn('n', '0.5', 0.1, 5, 'any')).toEqual({ ok: true, value: 0.5 })
  })
  for (const given of ['', ' ', 'x', '0', '6', '1.5', 'NaN', 'Infinity']) {
    test(`'${given}' is refused`, () => expect(numberIn('n', given, 1, 5, 'whole').ok).toBe(false))
  }
})
