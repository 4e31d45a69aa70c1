import { effect, type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

/**
 * The newest value of a signal, at most once every `pause` ms: a ranking that changes places four times a second is nothing
 * that one can read. The first value and the last one always come through.
 */
export function useThrottled<T>(source: ReadonlySignal<T>, pause: number): ReadonlySignal<T> {
  const shown = useSignal(source.peek())
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null
    let isFirst = true
    const show = () => {
      timer = null
      shown.value = source.peek()
    }
    const stop = effect(() => {
      source.value
      if (isFirst) show()
      else timer ??= setTimeout(show, pause)
      isFirst = false
    })
    return () => {
      stop()
      if (timer !== null) clearTimeout(timer)
    }
  }, [source, pause, shown])
  return shown
}
