export const THEMES = ['light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

/** Red, green and blue, 0 to 255. */
export type Colour = readonly number[]

/**
 * Returns the colours of a file of tokens, by name and theme. Throws when there is no colour of that name.
 */
export async function readColours(file: URL): Promise<(name: string, theme: Theme) => Colour> {
  const tokens = await Bun.file(file).text()
  return (name, theme) => {
    const match = new RegExp(`--${name}: light-dark\\(#([0-9a-f]{6}), #([0-9a-f]{6})\\)`).exec(tokens)
    const hex = match?.[theme === 'light' ? 1 : 2]
    if (hex === undefined) throw new Error(`there is no colour --${name}`)
    return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))
  }
}

/** Returns the contrast ratio of WCAG 2.2. */
export function contrast(a: Colour, b: Colour): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (lighter + 0.05) / (darker + 0.05)
}

/** Returns the relative luminance of WCAG 2.2. */
function luminance(rgb: Colour): number {
  const [r = 0, g = 0, b = 0] = rgb.map((byte) => {
    const part = byte / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
