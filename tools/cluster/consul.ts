import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, startChild } from './child.ts'
import { poll } from './poll.ts'
import { takenPorts } from './preconditions.ts'

export type ConsulOptions = {
  readonly binary: string
  /**
   * A loopback address of its own, on which it takes its usual ports: so there may be several on one
   * machine.
   */
  readonly address: string
  /** Where its configuration is written. It keeps nothing else: its leases are gone with it. */
  readonly folder: string
  readonly onLine?: (line: string) => void
}

export type Consul = Child & {
  /** For `lease.consul.url`. */
  readonly url: string
}

/**
 * Starts one Consul agent, which is its own leader, and waits until leases can be had. Rejects when it
 * ends, or its address is taken.
 */
export async function startConsul({ binary, address, folder, onLine }: ConsulOptions): Promise<Consul> {
  // Otherwise the one that is there would be taken for ours, until it went away.
  const taken = takenPorts(CONSUL_PORTS.map((port) => [address, port]))
  if (taken.length > 0) throw new Error(`Consul cannot have ${taken.join(', ')}: in use already`)
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'consul.json')
  writeFileSync(path, `${JSON.stringify(consulConfig(address), null, 2)}\n`)
  const child = startChild({
    command: [binary, 'agent', '-dev', '-config-file', path],
    ...(onLine === undefined ? {} : { onLine }),
  })
  const url = `http://${address}:${CONSUL_PORT}`
  try {
    const ended = child.exited.then((code) => {
      throw new Error(`consul ended with ${code}: ${child.output()}`)
    })
    await Promise.race([ended, poll(LEADER_TIMEOUT, async () => ((await hasLeader(url)) ? true : null))])
  } catch (error) {
    await child.stop('SIGKILL')
    throw error
  }
  return { ...child, url }
}

/** Of its HTTP interface. */
export const CONSUL_PORT = 8500

/** All ports of an agent that `consulConfig` made. */
export const CONSUL_PORTS: readonly number[] = [CONSUL_PORT, 8300, 8301]

/**
 * The agent's configuration: leases and nothing else; no name service, no service mesh, and no word to its
 * makers.
 */
export function consulConfig(address: string) {
  return {
    node_name: `dashboard-${address.replaceAll(/[^\da-z]/gi, '-')}`,
    bind_addr: address,
    client_addr: address,
    ports: { dns: -1, grpc: -1, grpc_tls: -1, https: -1, serf_wan: -1 },
    connect: { enabled: false },
    ui_config: { enabled: false },
    disable_update_check: true,
    disable_anonymous_signature: true,
    disable_remote_exec: true,
    session_ttl_min: '10s',
    log_level: 'WARN',
  }
}

/** In milliseconds. */
const LEADER_TIMEOUT = 60_000

/** A key written and read is what a lease is made of; a leader's name alone comes a moment earlier. */
async function hasLeader(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/v1/kv/dashboard-ready`, {
      method: 'PUT',
      body: 'yes',
      signal: AbortSignal.timeout(2_000),
    })
    return answer.ok && (await answer.text()).trim() === 'true'
  } catch {
    return false
  }
}
