#!/usr/bin/env bun
// A long trial of real nodes: whatever may happen to a cluster, at random, with everybody compared at each
// pause.
//   npx bun tools/cluster-trial.ts [--minutes 10]
// CLUSTER_SEED repeats the choices of a run (not its timing); CLUSTER_LOGS=FOLDER keeps the nodes' logs. It
// is test/nodes/random.test.ts, for longer; --rolling is rolling.test.ts, with 5,000 clients.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rolling: { type: 'boolean', default: false },
  },
})
const minutes = Number(values.minutes)
if (!(minutes > 0)) {
  console.error(`--minutes takes a number above 0, and was given ${values.minutes}`)
  process.exit(2)
}
const seed = process.env.CLUSTER_SEED ?? String(Date.now() % 1_000_000)
const name = values.rolling ? 'rolling' : 'random'
console.log(`CLUSTER_SEED=${seed}`)
const child = Bun.spawn([process.execPath, 'test', `test/nodes/${name}.test.ts`], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  env: {
    ...process.env,
    CLUSTER_SEED: seed,
    CLUSTER_MINUTES: String(minutes),
    CLUSTER_CLIENTS: '5000',
    // Who asks for a trial wants it, and not to be told that it was skipped.
    DASHBOARD_REQUIRE_LITEFS: '1',
  },
  stdio: ['inherit', 'inherit', 'inherit'],
})
process.exit(await child.exited)
