import { roomOf } from './rooms.ts'

/** A place that breaks a rule. */
export type Finding = { readonly path: string; readonly line: number; readonly text: string }

/**
 * How many places of each room still break a rule. These numbers only get smaller; a room at zero loses its
 * entry, and a rule without entries holds everywhere.
 */
export const DEBTS = {
  boardNames: { 'src/core': 1 },
  functionLength: { bench: 1, 'src/boards/rewards': 1, 'src/replication': 1, 'src/storage': 2 },
  commentWidth: {},
  answers: {
    db: 1,
    'src/app': 1,
    'src/journal': 2,
    'test/forwarding': 1,
    'test/nodes': 2,
    'test/replication': 1,
  },
  constantNames: {
    bench: 2,
    'src/app': 2,
    'src/replication': 1,
    'src/storage': 2,
    'test/boards/rewards': 1,
    'test/nodes': 1,
  },
  typeNames: { 'src/boards/rewards': 2 },
  tuples: { 'test/app': 1 },
} satisfies Readonly<Record<string, Readonly<Record<string, number>>>>

/**
 * Returns the findings of every room that has more of them than its debt, one text a finding, and prints
 * which debts can be made smaller.
 */
export function beyondDebts(rule: keyof typeof DEBTS, findings: readonly Finding[]): readonly string[] {
  const debts = new Map<string, number>(Object.entries(DEBTS[rule]))
  const byRoom = Map.groupBy(findings, ({ path }) => roomOf(path))
  for (const [room, debt] of debts) {
    const left = byRoom.get(room)?.length ?? 0
    if (left < debt) console.log(`${rule}: ${room} has ${left} left, and may have ${debt}: lower its debt`)
  }
  return [...byRoom].flatMap(([room, found]) => {
    const debt = debts.get(room) ?? 0
    if (found.length <= debt) return []
    const title = `${room} has ${found.length} places and may have ${debt}`
    return [title, ...found.map(({ path, line, text }) => `${path}:${line}: ${text}`)]
  })
}
