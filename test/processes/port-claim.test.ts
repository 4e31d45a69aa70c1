import { expect, test } from 'bun:test'
import { claimPort } from '../../src/processes/port-claim.ts'

const HOST = '127.0.0.63'

test('a port whose last holders are about to end is waited for; one that stays taken is refused after the timeout', async () => {
  const last = Bun.serve({ hostname: HOST, port: 0, fetch: () => new Response() })
  const number = last.port ?? 0
  let waited = 0
  const wait = (until: number) => async (time: number) => {
    waited += time
    if (waited >= until) await last.stop(true)
  }
  await expect(claimPort(HOST, number, 1_000, wait(Infinity))).rejects.toThrow(/in use/)
  expect(waited).toBe(1_000)
  const claim = await claimPort(HOST, number, 12_000, wait(9_000))
  expect(waited).toBe(9_000)
  expect(claim.number).toBe(number)
  claim.release()
})
