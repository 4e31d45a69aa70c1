/** Runs something again and again by the system's clock. Returns a function that ends it. */
export function every(period: number, run: () => void): () => void {
  const timer = setInterval(run, period)
  return () => clearInterval(timer)
}
