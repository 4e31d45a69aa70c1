/**
 * Splits long texts into parts: a relay takes 64 KB at a time, and a document may be larger. A part is
 * `~id.index.count~text`; no JSON begins with `~`. Parts of one text arrive in order or not at all. If one is
 * missing, the whole text is lost, and its reader asks again.
 */

/** A text of which some parts have arrived. */
export type Assembly = { readonly id: string; readonly count: number; readonly pieces: readonly string[] }

/**
 * Returns the text in as many parts as it needs; null when these would be too many. `id` distinguishes it
 * from other texts of the sender.
 */
export function splitText(text: string, id: string): readonly string[] | null {
  if (text.length <= MAX_PART_LENGTH) return [text]
  const pieces: string[] = []
  for (let start = 0; start < text.length; ) {
    // A surrogate pair must not be cut: each half would become U+FFFD.
    const isPair = isHighSurrogate(text.charCodeAt(start + MAX_PART_LENGTH - 1))
    const end = start + MAX_PART_LENGTH - (isPair ? 1 : 0)
    pieces.push(text.slice(start, end))
    start = end
  }
  if (pieces.length > MAX_PARTS) return null
  return pieces.map((piece, index) => `~${id}.${index}.${pieces.length}~${piece}`)
}

/** Takes one text of a topic. Returns the text that is complete now, and the parts that wait for the rest. */
export function joinText(
  assembly: Assembly | null,
  text: string,
): { readonly whole: string | null; readonly assembly: Assembly | null } {
  if (!text.startsWith('~')) return { whole: text, assembly }
  const header = PART.exec(text)
  if (header === null) return { whole: null, assembly: null }
  const [start, id = '', index, count] = header
  const pieces = Number(index) === 0 ? [] : assembly?.id === id ? assembly.pieces : null
  if (pieces === null || pieces.length !== Number(index) || Number(count) > MAX_PARTS)
    return { whole: null, assembly }
  const all = [...pieces, text.slice(start.length)]
  if (all.length === Number(count)) return { whole: all.join(''), assembly: null }
  return { whole: null, assembly: { id, count: Number(count), pieces: all } }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

const PART = /^~([0-9a-z-]{1,64})\.(\d{1,4})\.(\d{1,4})~/

/** UTF-16 units in a part, each of which may take three bytes. */
const MAX_PART_LENGTH = 20_000

/** Parts of one text: about eight million units. */
const MAX_PARTS = 400
