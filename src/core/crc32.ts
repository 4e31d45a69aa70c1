/**
 * CRC-32 (ISO-HDLC: reflected polynomial 0xEDB88320, start and final XOR 0xFFFFFFFF; the one of gzip and
 * PNG), taken over the UTF-8 bytes of text. Written out here because it must also run in a browser and
 * continue from a prefix.
 */
export function crc32(text: string): number {
  return crcValue(crcText(CRC_START, text))
}

/** The running state before the first byte. A state is not a checksum: see {@link crcValue}. */
export const CRC_START = -1

/** Returns the checksum of all bytes that went into a state, as an unsigned 32-bit integer. */
export function crcValue(state: number): number {
  return ~state >>> 0
}

/**
 * Returns the state after the UTF-8 bytes of `text`. A lone surrogate counts as U+FFFD, as in TextEncoder.
 */
export function crcText(state: number, text: string): number {
  let crc = state
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) {
      crc = crcByte(crc, unit)
      continue
    }
    let point = unit
    if (unit >= 0xd800 && unit <= 0xdfff) {
      const low = unit <= 0xdbff ? text.charCodeAt(at + 1) : Number.NaN
      if (low >= 0xdc00 && low <= 0xdfff) {
        point = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
        at++
      } else {
        point = 0xfffd
      }
    }
    crc = crcMultiByte(crc, point)
  }
  return crc
}

/** Returns the state after one more byte. */
export function crcByte(state: number, byte: number): number {
  return (state >>> 8) ^ (TABLE[(state ^ byte) & 0xff] ?? 0)
}

function crcMultiByte(state: number, point: number): number {
  if (point < 0x800) return crcByte(crcByte(state, 0xc0 | (point >> 6)), 0x80 | (point & 0x3f))
  const tail = (crc: number) => crcByte(crcByte(crc, 0x80 | ((point >> 6) & 0x3f)), 0x80 | (point & 0x3f))
  if (point < 0x10000) return tail(crcByte(state, 0xe0 | (point >> 12)))
  return tail(crcByte(crcByte(state, 0xf0 | (point >> 18)), 0x80 | ((point >> 12) & 0x3f)))
}

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})
