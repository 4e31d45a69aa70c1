import { describe, expect, test } from 'bun:test'
import { originAllowed, serverOrigin } from '../../src/http/origin.ts'

const own = { mode: 'listed', origins: new Set<string>() } as const

describe('origins', () => {
  test('programs send none and may; pages may when the server served them or the operator listed them', () => {
    expect(originAllowed(own, new Headers({ host: 'd.example' }))).toBe(true)
    expect(originAllowed(own, new Headers({ host: 'D.example', origin: 'https://d.example' }))).toBe(true)
    const listed = { mode: 'listed', origins: new Set(['https://p.example']) } as const
    expect(originAllowed(listed, new Headers({ host: 'd.example', origin: 'https://p.example' }))).toBe(true)
    expect(
      originAllowed({ mode: 'any' }, new Headers({ host: 'd.example', origin: 'https://x.example' })),
    ).toBe(true)
  })

  test('anything else may not: other hosts, other ports, endings, null', () => {
    for (const origin of [
      'https://evil.example',
      'http://d.example:81',
      'https://d.example.evil.example',
      'null',
    ]) {
      expect({ origin, allowed: originAllowed(own, new Headers({ host: 'd.example', origin })) }).toEqual({
        origin,
        allowed: false,
      })
    }
    expect(originAllowed(own, new Headers({ origin: 'http://d.example' }))).toBe(false)
  })

  test('L-1: the server is named by the host that the client asked for', () => {
    expect(serverOrigin(new Headers({ host: 'd.example:81' }))).toBe('http://d.example:81')
    expect(serverOrigin(new Headers({ host: 'd.example', origin: 'https://d.example' }))).toBe(
      'https://d.example',
    )
    expect(serverOrigin(new Headers({ host: 'd.example', origin: 'https://p.example' }))).toBe(
      'http://d.example',
    )
  })
})
