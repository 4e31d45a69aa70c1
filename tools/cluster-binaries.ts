// Prints where LiteFS and Consul are, as NAME=PATH a line, after building what is missing. `npm run
// cluster` and the tests find them the same way; this is for whoever wants them beforehand, such as CI.
import { findBinaries } from './cluster/binaries.ts'
import { CONSUL, LITEFS } from './cluster/programs.ts'

const found = await findBinaries(process.env, (line) => process.stderr.write(`${line}\n`))
if (!found.ok) {
  process.stderr.write(`${found.error}\n`)
  process.exit(1)
}
process.stdout.write(`${LITEFS.variable}=${found.value.litefs}\n${CONSUL.variable}=${found.value.consul}\n`)
