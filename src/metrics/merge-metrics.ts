/**
 * Makes one Prometheus text of several whose samples differ in a label: a metric may have one HELP and one
 * TYPE, and all of its samples have to stand together.
 */
export function mergeMetrics(texts: readonly string[]): string {
  const metrics = new Map<string, { readonly head: readonly string[]; readonly samples: string[] }>()
  for (const text of texts) {
    let head: string[] = []
    let samples: string[] = []
    for (const line of text.split('\n')) {
      if (line === '') continue
      if (line.startsWith('# HELP ')) head = []
      if (!line.startsWith('#')) {
        samples.push(line)
        continue
      }
      head.push(line)
      const name = line.split(' ', 3)[2] ?? ''
      const known = metrics.get(name) ?? { head, samples: [] }
      metrics.set(name, known)
      samples = known.samples
    }
  }
  const blocks = [...metrics.values()].map(({ head, samples }) => [...head, ...samples].join('\n'))
  return `${blocks.join('\n\n')}\n`
}
