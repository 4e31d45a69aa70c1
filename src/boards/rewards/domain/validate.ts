import { appError } from '../../../core/errors.ts'
import type { DeviceId } from '../../../core/ids.ts'
import { fail, ok, type Result } from '../../../core/result.ts'
import { LIMITS } from '../../../protocol/limits.ts'
import type { RewardsRules } from './rules.ts'
import type { NetworkReport } from './types.ts'

/** Highest round trip that is taken, in ms. */
export const MAX_RTT = 60_000

/**
 * A device's id as its owner chose it, or why it cannot be one: it becomes part of paths and addresses of
 * pages.
 */
export function readDeviceId(text: string): Result<DeviceId> {
  if (/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/.test(text)) return ok(text as DeviceId) // this check is what makes it one
  return invalid(
    'device_id',
    'must be 1 to 64 letters, digits, dots, colons, underscores or hyphens, and begin with a letter or digit',
  )
}

/** A name for people. */
export function checkName(field: string, name: string): Result<string> {
  const trimmed = name.trim()
  if (trimmed.length === 0 || trimmed.length > LIMITS.nameLength) {
    return invalid(field, `must have 1 to ${LIMITS.nameLength} characters`)
  }
  if (/\p{Cc}/u.test(trimmed)) return invalid(field, 'must not hold control characters')
  // No UTF-8 can carry one: tables and frames would put another character in its place, JSON would not.
  if (!trimmed.isWellFormed()) return invalid(field, 'must not hold half of a character (a lone surrogate)')
  return ok(trimmed)
}

/**
 * The networks of one report, with loss to hundredths of a percent and rtt to tenths of a millisecond; the
 * error names the field.
 */
export function checkNetworks(
  networks: readonly NetworkReport[],
  rules: Pick<RewardsRules, 'networksPerUpdate'>,
): Result<readonly NetworkReport[]> {
  if (networks.length === 0) return invalid('networks', 'must name at least one network')
  if (networks.length > rules.networksPerUpdate) {
    return invalid('networks', `must name at most ${rules.networksPerUpdate} networks`)
  }
  const seen = new Set<string>()
  const checked: NetworkReport[] = []
  for (const [i, network] of networks.entries()) {
    const field = (name: string) => `networks[${i}].${name}`
    const name = checkName(field('name'), network.name)
    if (!name.ok) return name
    if (seen.has(name.value)) return invalid(field('name'), 'names a network twice')
    seen.add(name.value)
    const { loss, rtt, bytes_in, bytes_out } = network
    if (!(loss >= 0 && loss <= 100)) return invalid(field('loss'), 'must be a percentage, 0 to 100')
    if (!(rtt >= 0 && rtt <= MAX_RTT)) return invalid(field('rtt'), `must be milliseconds, 0 to ${MAX_RTT}`)
    if (!isCount(bytes_in)) return invalid(field('bytes_in'), 'must be a whole number of bytes')
    if (!isCount(bytes_out)) return invalid(field('bytes_out'), 'must be a whole number of bytes')
    checked.push({
      name: name.value,
      loss: Math.round(loss * 100) / 100,
      rtt: Math.round(rtt * 10) / 10,
      bytes_in,
      bytes_out,
    })
  }
  return ok(checked)
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function invalid(field: string, why: string) {
  return fail(appError('InvalidNetworkData', `${field} ${why}.`))
}
