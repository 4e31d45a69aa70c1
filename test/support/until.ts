/** Asks again every few milliseconds until it holds; fails after ten seconds, saying what did not come. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 10_000
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`never came: ${what}`)
    await Bun.sleep(2)
  }
}
