import { canonicalJson } from '../../src/core/json.ts'
import type { SimClient } from './sim-client.ts'
import { isStream, keyOf, type World } from './world.ts'

/**
 * To be called when everything is at rest. Throws if the client lacks anything that it wants, or an answer.
 */
export function judge(client: SimClient, world: World): void {
  if (client.waiting.size > 0)
    throw new Error(`${client.name}: never answered: ${[...client.waiting].join()}`)
  if (client.isStale) throw new Error(`${client.name}: was never told that all is fresh again`)
  for (const name of client.wants) {
    const held = client.held.get(name)
    const key = keyOf(name, client.user)
    if (held === undefined || held.replica.position === null)
      throw new Error(`${client.name}: has no ${name}`)
    if (isStream(name)) {
      const expected = world.eventsOf(key).filter((event) => event.seq > held.start)
      const [actual, wanted] = [JSON.stringify(held.events), JSON.stringify(expected)]
      if (actual !== wanted)
        throw new Error(`${client.name}: ${name} since ${held.start}: has ${actual}, not ${wanted}`)
    } else if (canonicalJson(held.replica.value) !== canonicalJson(world.document(key))) {
      throw new Error(`${client.name}: ${name} differs at rest`)
    }
  }
}
