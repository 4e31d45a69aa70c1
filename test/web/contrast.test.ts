import { describe, expect, test } from 'bun:test'

const TOKENS = await Bun.file(new URL('../../src/web/styles/tokens.css', import.meta.url)).text()
const THEMES = ['light', 'dark'] as const

/** Text colours and the surfaces that they stand on somewhere in the page. */
const PAIRS: readonly (readonly [text: string, surfaces: readonly string[]])[] = [
  ['text', ['page', 'surface', 'inset']],
  ['text-2', ['page', 'surface', 'inset']],
  ['text-3', ['page', 'surface']],
  ['accent', ['page', 'surface', 'accent-soft']],
  ['on-accent', ['accent']],
  ['warn', ['surface', 'warn-soft']],
  ['bad', ['surface', 'bad-soft']],
]

/** Graphics that carry meaning need 3:1 (WCAG 1.4.11). */
const GRAPHICS = ['accent-fill', 'part-uptime', 'part-loss', 'part-latency', 'part-stability']

for (const theme of THEMES) {
  describe(`contrast in the ${theme} theme`, () => {
    for (const [text, surfaces] of PAIRS) {
      test(`${text} on ${surfaces.join(', ')} is at least 4.5:1`, () => {
        for (const surface of surfaces) {
          expect(contrast(colour(text, theme), colour(surface, theme))).toBeGreaterThanOrEqual(4.5)
        }
      })
    }

    test('graphics on the surface are at least 3:1', () => {
      for (const name of GRAPHICS) {
        expect(contrast(colour(name, theme), colour('surface', theme))).toBeGreaterThanOrEqual(3)
      }
    })
  })
}

/** A token's red, green and blue, 0 to 255. */
function colour(name: string, theme: (typeof THEMES)[number]): readonly number[] {
  const match = new RegExp(`--${name}: light-dark\\(#([0-9a-f]{6}), #([0-9a-f]{6})\\)`).exec(TOKENS)
  const hex = match?.[theme === 'light' ? 1 : 2]
  if (hex === undefined) throw new Error(`there is no colour --${name}`)
  return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))
}

/** WCAG 2.2, "contrast ratio" and "relative luminance". */
function contrast(a: readonly number[], b: readonly number[]): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance(rgb: readonly number[]): number {
  const [r = 0, g = 0, b = 0] = rgb.map((byte) => {
    const part = byte / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
