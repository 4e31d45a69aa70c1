/** Writes the table of settings into README.md: `npm run generate`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { BOARDS } from '../src/boards/index.ts'
import { withSettings } from './readme-settings.ts'

const file = fileURLToPath(new URL('../README.md', import.meta.url))
writeFileSync(file, withSettings(readFileSync(file, 'utf8'), BOARDS))
