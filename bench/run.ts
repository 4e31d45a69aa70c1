/**
 * `npm run bench -- NAME` runs one benchmark, `npm run bench` (or `-- all`) all of them, each in its own
 * process. The output of a benchmark is passed on; its last line is one line of JSON (`Answer`). With
 * `--short` each runs for a few seconds, which only shows that it works.
 */
import { parseAnswer } from './support/answer.ts'

const QUESTIONS = [
  'fanout',
  'latency',
  'memory',
  'logins',
  'ingest',
  'frames',
  'processes',
  'relay',
  'ephemeral',
] as const
/** Run by name only: one explains a decision, the other needs LiteFS, Consul and minutes. */
const OTHERS = ['verify', 'cluster'] as const

const flags = process.argv.slice(2).filter((word) => word.startsWith('--'))
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const usage = `npm run bench -- [all|${[...QUESTIONS, ...OTHERS].join('|')}] [--short]`
const known: readonly string[] = [...QUESTIONS, ...OTHERS]
const wrong = [
  ...words.filter((word) => word !== 'all' && !known.includes(word)),
  ...flags.filter(unknownFlag),
]
if (flags.includes('--help')) {
  console.log(`Answers questions about cost, each beside its control; bench/README.md says what the figures mean.

Usage: ${usage}

  --short  show in seconds that they work; the figures of a short run mean nothing
  --help   show this page`)
  process.exit(0)
}
if (wrong.length > 0) {
  console.error(`unknown: ${wrong.join(' ')}; usage: ${usage}`)
  process.exit(2)
}

const chosen = words.length === 0 || words.includes('all') ? QUESTIONS : words
let failed = 0
for (const question of chosen) {
  const lastLine = await runQuestion(question)
  const answer = lastLine === null ? null : parseAnswer(lastLine)
  if (answer?.question !== question) {
    failed++
    console.error(`bench ${question} ended without its line of figures`)
  }
}
process.exit(failed === 0 ? 0 : 1)

/** Prints what a benchmark prints. Returns the last line, or null when the process failed. */
async function runQuestion(question: string): Promise<string | null> {
  const script = Bun.fileURLToPath(new URL(`./${question}.ts`, import.meta.url))
  const child = Bun.spawn([process.execPath, script, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let last = ''
  let open = ''
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    process.stdout.write(text)
    const lines = (open + text).split('\n')
    open = lines.pop() ?? ''
    last = lines.findLast((line) => line.trim() !== '') ?? last
  }
  if (open.trim() !== '') {
    process.stdout.write('\n')
    last = open
  }
  return (await child.exited) === 0 ? last : null
}

function unknownFlag(flag: string): boolean {
  return flag !== '--short'
}
