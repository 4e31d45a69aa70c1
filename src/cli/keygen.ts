import { makeKeyFile } from './key-file.ts'
import { argumentsOrDie, orDie } from './terminal.ts'

const args = argumentsOrDie({
  name: 'npm run keygen --',
  about: 'Makes an Ed25519 key to log in with, in a file that only you can read, and prints its public half.',
  positionals: [],
  flags: [{ name: 'out', value: 'FILE', about: 'where to put the key (dashboard.key)' }],
})

const path = args.text('out') ?? 'dashboard.key'
const publicKey = orDie(makeKeyFile(path))
process.stdout.write(`${publicKey}\n`)
process.stderr.write(`saved in ${path}; keep it secret, nobody can log in as you without it\n`)
