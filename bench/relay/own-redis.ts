import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'

/** Starts a Redis for this benchmark that stores nothing on disk. Needs redis-server. */
export async function startOwnRedis(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  if (Bun.which('redis-server') === null) throw new Error('this question needs redis-server in PATH')
  const folder = mkdtempSync(join(tmpdir(), 'bench-redis-'))
  const socket = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = socket
  socket.stop(true)
  const words = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', '']
  const child = Bun.spawn(['redis-server', ...words, '--appendonly', 'no'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const url = `redis://127.0.0.1:${port}`
  while (!(await answers(url))) {
    if (child.exitCode !== null) throw new Error('redis-server ended at once')
    await Bun.sleep(20)
  }
  return {
    url,
    async stop() {
      child.kill('SIGKILL')
      await child.exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function answers(url: string): Promise<boolean> {
  const client = createClient({ url, socket: { reconnectStrategy: false } }).on('error', () => {})
  try {
    await client.connect()
    client.destroy()
    return true
  } catch {
    return false
  }
}
