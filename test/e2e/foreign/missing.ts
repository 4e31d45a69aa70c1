/** Whether a program is not there. In CI that is a failure; elsewhere the skip is said aloud. */
export function missing(name: string, command: readonly string[]): boolean {
  const works = Bun.which(command[0] ?? '') !== null && Bun.spawnSync([...command]).exitCode === 0
  if (works) return false
  if (process.env.CI) throw new Error(`${name} is missing, and CI needs it`)
  console.warn(`SKIPPED: ${name} is not installed, so a foreign client is not tested here`)
  return true
}
