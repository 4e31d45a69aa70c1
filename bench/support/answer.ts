/** What a benchmark ends with, as the last line of its output. */
export type Answer = {
  readonly question: string
  /** Of `ours` and `control`. */
  readonly unit: string
  readonly ours: number
  readonly control: number
  /** ours / control: the figure that means the same on every machine. */
  readonly ratio: number
  /** What the ratio should be: at most this where less is better, at least this where more is. */
  readonly aim: number
}

/** Prints the answer; figures to four significant digits, since no more of them can be trusted. */
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

/** Reads a line as an answer; null when it is none, or one with a figure missing. */
export function parseAnswer(line: string): Answer | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  return isAnswer(value) ? value : null
}

/** True in the short run that CI makes: it shows that the benchmark works, not what the figure is. */
export const SHORT = process.argv.includes('--short')

/** Middle value; of an even number, the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}

/** The value below which `share` of them are. */
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
