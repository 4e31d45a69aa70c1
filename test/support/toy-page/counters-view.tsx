import './toy.css'
import { useComputed, useSignal } from '@preact/signals'
import type { AppError } from '../../../src/core/errors.ts'
import { Count } from '../../../src/web/components/count.tsx'
import { ErrorText } from '../../../src/web/components/error-text.tsx'
import { Panel } from '../../../src/web/components/panel.tsx'
import { useShell } from '../../../src/web/components/shell-context.ts'
import { useChannel } from '../../../src/web/components/use-channel.ts'
import { useHeadline } from '../../../src/web/components/view-texts.ts'
import { numberIn } from '../../../src/web/state/fields.ts'

/** The sum of all counters, and a button that adds to one. */
export default function CountersView() {
  const { client, signedIn } = useShell()
  const problem = useSignal<AppError | null>(null)
  const totals = useChannel('toy.total')
  const pulse = useChannel('toy.pulse')
  const total = useComputed(() => numberIn(totals.value, 'total'))
  const beats = useComputed(() => numberIn(pulse.value, 'beats'))
  useHeadline(useComputed(() => `${total.value} counted`))
  const add = async () => {
    const result = await client.request({ type: 'toy_add', name: 'clicks', by: 1 })
    problem.value = result.ok ? null : result.error
  }
  return (
    <Panel
      title="Counters"
      aside={
        <>
          <Count of={beats} /> beats
        </>
      }
    >
      <p class="toy-total">
        <Count of={total} />
      </p>
      {problem.value === null ? null : <ErrorText error={problem.value} />}
      <button type="button" class="button" disabled={signedIn.value === null} onClick={() => void add()}>
        {signedIn.value === null ? 'Log in to add' : 'Add one'}
      </button>
    </Panel>
  )
}
