import { describe, expect, test } from 'bun:test'
import { type Signal, signal } from '@preact/signals'
import type { ChannelHandle } from '../../src/client/api.ts'
import type { PageBoard, View, ViewModule } from '../../src/web/board-page.ts'
import { openBadges } from '../../src/web/state/badges.ts'
import { loadViews } from '../../src/web/state/loaded-view.ts'
import { openReadableChannels } from '../../src/web/state/readable-channels.ts'
import { type Place, placeAt, placesOf } from '../../src/web/state/route.ts'

const Component = () => null
const view = (id: string, more: Partial<View> = {}): View => ({
  id,
  title: id,
  path: id,
  channels: [],
  load: async () => ({ default: Component }),
  ...more,
})
const board = (name: string, ...views: readonly View[]): PageBoard => ({ name, page: { title: name, views } })

describe('the places of the page', () => {
  const places = placesOf([board('a', view('a.1'), view('a.2')), board('b', view('b.1'))])

  test('are the views of all boards, found by their address', () => {
    expect(placeAt('#a.2', places)).toMatchObject({ board: { name: 'a' }, view: { id: 'a.2' } })
    expect(placeAt('#b.1', places)).toMatchObject({ board: { name: 'b' }, view: { id: 'b.1' } })
  })

  test('are the first one for an empty or unknown address', () => {
    for (const hash of ['', '#', '#nothing']) expect(placeAt(hash, places).view.id).toBe('a.1')
  })

  test('must have different paths and ids, and there must be one', () => {
    expect(() => placesOf([])).toThrow('no board brings a view')
    expect(() => placesOf([board('a', view('x')), board('b', view('x'))])).toThrow('two views have the id x')
    const samePath = [board('a', view('1', { path: 'x' })), board('b', view('2', { path: 'x' }))]
    expect(() => placesOf(samePath)).toThrow('two views have the path x')
  })
})

describe('the present view', () => {
  test('is loaded, and stays the present one when the code of an earlier one comes late', async () => {
    const early = Promise.withResolvers<ViewModule>()
    const First = () => null
    const places = placesOf([board('a', view('a.1', { load: () => early.promise }), view('a.2'))])
    const place = signal<Place>(places[0])
    const state = loadViews(place)
    expect(state.value).toEqual({ status: 'loading' })
    place.value = placeAt('#a.2', places)
    await settled()
    expect(state.value).toEqual({ status: 'ready', View: Component })
    early.resolve({ default: First })
    await settled()
    expect(state.value).toEqual({ status: 'ready', View: Component })
    place.value = places[0]
    expect(state.value).toEqual({ status: 'ready', View: First })
  })

  test('says so when its code cannot be loaded', async () => {
    const places = placesOf([board('a', view('a.1', { load: () => Promise.reject(new Error('gone')) }))])
    const state = loadViews(signal(places[0]))
    await settled()
    expect(state.value).toEqual({ status: 'failed' })
  })
})

describe('the channels of the present view', () => {
  test('are subscribed to when they are public, and the others once a user is logged in', () => {
    const server = fakeClient()
    const isLoggedIn = signal(false)
    openReadableChannels({
      client: server,
      wanted: signal(['a.public:x', 'a.own']),
      publicChannels: signal(['a.public']),
      isLoggedIn,
    })
    expect(server.open()).toEqual(['a.public:x'])
    isLoggedIn.value = true
    expect(server.open()).toEqual(['a.public:x', 'a.own'])
    isLoggedIn.value = false
    expect(server.open()).toEqual(['a.public:x'])
  })

  test('that two views share are not closed in between', () => {
    const server = fakeClient()
    const wanted: Signal<readonly string[]> = signal(['a.1', 'a.2'])
    openReadableChannels({
      client: server,
      wanted,
      publicChannels: signal(['a.1', 'a.2', 'a.3']),
      isLoggedIn: signal(false),
    })
    wanted.value = ['a.2', 'a.3']
    expect(server.calls).toEqual(['open a.1', 'open a.2', 'open a.3', 'close a.1'])
  })
})

test('badges are numbers of channels of the user, and 0 without one', () => {
  const server = fakeClient({ 'a.own': { count: 7 } })
  const isLoggedIn = signal(false)
  const places = placesOf([
    board('a', view('a.1', { badge: { channel: 'a.own', field: 'count' } }), view('a.2')),
  ])
  const badges = openBadges({ client: server, places, isLoggedIn })
  expect(badges.get('a.1')?.value).toBe(0)
  expect(badges.has('a.2')).toBe(false)
  isLoggedIn.value = true
  expect(badges.get('a.1')?.value).toBe(7)
})

/** A client whose channels have these documents, and that tells what was opened and closed. */
function fakeClient(documents: { readonly [channel: string]: { readonly [field: string]: number } } = {}) {
  const calls: string[] = []
  const open = new Set<string>()
  return {
    calls,
    open: () => [...open],
    subscribe(channel: string): ChannelHandle {
      calls.push(`open ${channel}`)
      open.add(channel)
      return {
        channel,
        workspace: 'main',
        status: { type: 'live' },
        value: documents[channel] ?? null,
        epoch: 1,
        seq: 1,
        isEphemeral: false,
        updatedAt: null,
        onChange: () => () => {},
        onStatus: () => () => {},
        close() {
          calls.push(`close ${channel}`)
          open.delete(channel)
        },
      }
    },
  }
}

/** Lets promises that are resolved call what waits for them. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
}
