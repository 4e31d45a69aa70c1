import { expect, test } from 'bun:test'
import { contrast, readColours, THEMES } from '../../../web/contrast.ts'

const SOURCES = '../../../../src'
const shell = await readColours(new URL(`${SOURCES}/web/styles/tokens.css`, import.meta.url))
const parts = await readColours(new URL(`${SOURCES}/boards/rewards/web/styles/tokens.css`, import.meta.url))

for (const part of ['uptime', 'loss', 'latency', 'stability'])
  test(`the colour of ${part} has at least 3:1 on the surface, because it carries meaning (WCAG 1.4.11)`, () => {
    for (const theme of THEMES) {
      const ratio = contrast(parts(`part-${part}`, theme), shell('surface', theme))
      expect(ratio).toBeGreaterThanOrEqual(3)
    }
  })
