import { expect, test } from 'bun:test'
import { type Assembly, joinText, splitText } from '../../src/live/ephemeral/parts.ts'

function joined(parts: readonly string[]): string | null {
  let assembly: Assembly | null = null
  let whole: string | null = null
  for (const part of parts) ({ whole, assembly } = joinText(assembly, part))
  return whole
}

test('a long text is split into parts that a relay accepts, and is joined to the same text', () => {
  for (const text of ['{}', 'x'.repeat(19_999), '€'.repeat(70_001), 'a😀'.repeat(40_000)]) {
    const parts = splitText(text, 'k-1')
    if (parts === null) throw new Error('it is not too long')
    for (const part of parts) expect(new TextEncoder().encode(part).length).toBeLessThanOrEqual(65_536)
    const asBytes = parts.map((part) => new TextDecoder().decode(new TextEncoder().encode(part)))
    expect(joined(asBytes)).toBe(text)
  }
})

test('a missing part, or one of another text, loses that text and no other', () => {
  const parts = splitText('x'.repeat(70_000), 'k-1') ?? []
  const others = splitText('y'.repeat(70_000), 'k-2') ?? []
  expect(joined(parts.slice(1))).toBeNull()
  expect(joined([...parts.slice(0, 1), ...parts.slice(2)])).toBeNull()
  expect(joined([...parts.slice(0, 2), ...others])).toBe('y'.repeat(70_000))
})

test('a text that would need too many parts is refused', () => {
  expect(splitText('x'.repeat(9_000_000), 'k-1')).toBeNull()
})
