import { describe, expect, test } from 'bun:test'
import { contrast, readColours, THEMES } from './contrast.ts'

const colour = await readColours(new URL('../../src/web/styles/tokens.css', import.meta.url))

/** Colours of text, and the surfaces behind them. */
const PAIRS: readonly (readonly [text: string, surfaces: readonly string[]])[] = [
  ['text', ['page', 'surface', 'inset']],
  ['text-2', ['page', 'surface', 'inset']],
  ['text-3', ['page', 'surface']],
  ['accent', ['page', 'surface', 'accent-soft']],
  ['on-accent', ['accent']],
  ['warn', ['surface', 'warn-soft']],
  ['bad', ['surface', 'bad-soft']],
]

for (const theme of THEMES) {
  describe(`contrast in the ${theme} theme`, () => {
    for (const [text, surfaces] of PAIRS) {
      test(`${text} on ${surfaces.join(', ')} is at least 4.5:1`, () => {
        for (const surface of surfaces) {
          expect(contrast(colour(text, theme), colour(surface, theme))).toBeGreaterThanOrEqual(4.5)
        }
      })
    }

    test('graphics on the surface have at least 3:1, because they carry meaning (WCAG 1.4.11)', () => {
      const ratio = contrast(colour('accent-fill', theme), colour('surface', theme))
      expect(ratio).toBeGreaterThanOrEqual(3)
    })
  })
}
