/** Writes src/protocol/server-shapes.ts from the schemas of the server's messages: `npm run generate`. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { shapesOfServerMessages } from '../src/protocol/shape-of-schema.ts'

const { messages, event } = shapesOfServerMessages()
const file = fileURLToPath(new URL('../src/protocol/server-shapes.ts', import.meta.url))
writeFileSync(
  file,
  `// Made by \`npm run generate\` from the schemas in src/protocol/server; a test holds it against them.
import type { PlainServerMessage } from './server-messages.ts'
import type { Shape } from './shape.ts'

export const SERVER_SHAPES: { readonly [Type in PlainServerMessage['type']]: Shape } = ${JSON.stringify(messages)}

export const EVENT_SHAPE: Shape = ${JSON.stringify(event)}
`,
)
Bun.spawnSync(['bun', 'x', 'biome', 'check', '--write', file], { stdout: 'inherit', stderr: 'inherit' })
