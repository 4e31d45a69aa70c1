/** Asks again, every 50 ms, until there is something else than null; throws after `patience` ms. */
export async function poll<T>(patience: number, ask: () => Promise<T | null> | T | null): Promise<T> {
  const end = performance.now() + patience
  for (;;) {
    const found = await ask()
    if (found !== null) return found
    if (performance.now() > end) throw new Error(`nothing within ${patience / 1_000} s`)
    await Bun.sleep(50)
  }
}
