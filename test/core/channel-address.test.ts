import { describe, expect, test } from 'bun:test'
import { channelAddress, parseChannelAddress } from '../../src/core/channel-address.ts'
import {
  type ChannelName,
  channelKey,
  DEFAULT_WORKSPACE,
  parseChannelKey,
  type UserId,
  type WorkspaceId,
} from '../../src/core/ids.ts'
import { seeded } from '../support/seeded.ts'

const NAME = 'trading.book' as ChannelName

describe('addresses of channels', () => {
  test('S-12: parameters follow the name after colons, with a backslash before colons and backslashes of their own', () => {
    expect(channelAddress(NAME, [])).toBe('trading.book')
    expect(channelAddress(NAME, ['BTCUSDT', '1m'])).toBe('trading.book:BTCUSDT:1m')
    expect(channelAddress(NAME, ['a:b\\c', 'd/e'])).toBe('trading.book:a\\:b\\\\c:d/e')
    expect(parseChannelAddress('trading.book:a\\:b\\\\c:d/e')).toEqual({
      name: NAME,
      parameters: ['a:b\\c', 'd/e'],
    })
  })

  test('S-12: a channel has one address: no other text names it', () => {
    for (const text of ['', ':a', 'n:', 'n::a', 'n:a:', 'n:a\\', 'n:\\a', 'n:a\\b', 'n\\:a', '\\'])
      expect({ text, parsed: parseChannelAddress(text) }).toEqual({ text, parsed: null })
  })

  test('property: addresses and keys lead back to what they were made of, and no two keys are the same', () => {
    const random = seeded(1)
    const text = () =>
      Array.from({ length: 1 + random.int(4) }, () => random.pick([...':\\/%|25F. ab'])).join('')
    const keys = new Map<string, string>()
    for (let round = 0; round < 2000; round++) {
      const parameters = Array.from({ length: random.int(3) }, text)
      const scope = {
        workspace: random.pick([DEFAULT_WORKSPACE, 'desk' as WorkspaceId]),
        user: random.pick([null, 'u_1' as UserId]),
      }
      expect(parseChannelAddress(channelAddress(NAME, parameters))).toEqual({ name: NAME, parameters })
      const key = channelKey(NAME, scope, parameters)
      expect(parseChannelKey(key)).toEqual({ name: NAME, parameters, scope })
      const meaning = JSON.stringify([parameters, scope])
      expect(keys.get(key) ?? meaning).toBe(meaning)
      keys.set(key, meaning)
    }
  })
})
