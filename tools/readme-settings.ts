import { settingsGuide } from '../src/config/config.ts'
import type { BoardSettings } from '../src/config/setting.ts'

const START = '<!-- The table of settings is written by `npm run generate`. -->'
const END = '<!-- The end of the table of settings. -->'

/** Returns the README with its table of settings made anew; throws when its markers are missing. */
export function withSettings(readme: string, boards: readonly BoardSettings[]): string {
  const start = readme.indexOf(START)
  const end = readme.indexOf(END)
  if (start < 0 || end < start) throw new Error(`README.md must hold ${START} and, after it, ${END}`)
  const table = `${START}\n\n${settingsGuide(boards)}\n\n`
  return readme.slice(0, start) + table + readme.slice(end)
}
