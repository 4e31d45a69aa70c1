/**
 * Asks every few milliseconds until `holds` is true. Throws after `timeout` ms, naming what was waited for.
 */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  timeout = 20_000,
): Promise<void> {
  const end = performance.now() + timeout
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`never came: ${what}`)
    await Bun.sleep(2)
  }
}
