/** The result of a benchmark, the last line of its output. */
export type Answer = {
  readonly question: string
  /** Unit of `ours` and `control`. */
  readonly unit: string
  readonly ours: number
  readonly control: number
  /** `ours` / `control`, which can be compared between machines. */
  readonly ratio: number
  /** The limit of the ratio: the most where less is better, the least where more is better. */
  readonly aim: number
}

/** Prints the answer, with four significant digits, because no more of them are reproducible. */
export function printAnswer(answer: Omit<Answer, 'ratio'>): void {
  const { question, unit, ours, control, aim } = answer
  const rounded: Answer = {
    question,
    unit,
    ours: significant(ours),
    control: significant(control),
    ratio: significant(ours / control),
    aim,
  }
  console.log(JSON.stringify(rounded))
}

/** Returns the answer in a line, or null when there is none, or a figure is missing. */
export function parseAnswer(line: string): Answer | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  return isAnswer(value) ? value : null
}

/** True in the short run of CI, which shows that the benchmark works and gives no useful figures. */
export const SHORT = process.argv.includes('--short')

/** Returns the median; of an even number of values, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}

/** Returns the value below which `share` of the values are. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

function isAnswer(value: unknown): value is Answer {
  if (typeof value !== 'object' || value === null) return false
  const fields = new Map<string, unknown>(Object.entries(value))
  const numbers = ['ours', 'control', 'ratio', 'aim'].map((name) => fields.get(name))
  return (
    typeof fields.get('question') === 'string' &&
    typeof fields.get('unit') === 'string' &&
    numbers.every((number) => typeof number === 'number' && Number.isFinite(number))
  )
}

function significant(value: number): number {
  return Number(value.toPrecision(4))
}
