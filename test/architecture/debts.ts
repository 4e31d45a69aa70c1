import { roomOf } from './rooms.ts'

/** A place that breaks a rule. */
export type Finding = { readonly path: string; readonly line: number; readonly text: string }

/**
 * How many places of each room still break a rule. These numbers only get smaller; a room at zero loses its
 * entry, and a rule without entries holds everywhere.
 */
export const DEBTS = {
  boardNames: {},
  functionLength: { 'src/storage': 1 },
  commentWidth: {},
  answers: {},
  constantNames: {},
  typeNames: {},
  tuples: {},
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
