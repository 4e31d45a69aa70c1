import { type Binaries, findBinaries } from '../../tools/cluster/binaries.ts'
import { missingForLitefs } from '../../tools/cluster/preconditions.ts'

/**
 * LiteFS and Consul, for tests of real nodes; null, said loudly, when this machine cannot run them. With
 * DASHBOARD_REQUIRE_LITEFS=1, as in CI, that is a failure, and what is missing is built first.
 */
export async function litefsTools(): Promise<Binaries | null> {
  const required = process.env.DASHBOARD_REQUIRE_LITEFS === '1'
  const missing = missingForLitefs()
  // Nobody who runs the tests for the first time should wait six minutes for it.
  const found =
    missing === null ? await findBinaries(process.env, required ? console.warn : 'build nothing') : null
  if (found?.ok) return found.value
  const reason = missing ?? (found?.ok === false ? found.error : '')
  if (required) throw new Error(`tests of LiteFS cannot run: ${reason}`)
  console.warn(`SKIPPED, all tests of real LiteFS nodes in this file: ${reason}`)
  return null
}

/** The first three numbers of loopback addresses that no other run of the tests has at the same time. */
export function ownNetwork(pid: number): string {
  return `127.${64 + ((pid >> 8) % 128)}.${pid & 255}`
}
