import { effect, type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Millis } from '../../core/clock.ts'

/**
 * Returns the newest value of a signal, at most once in `interval` ms: nobody can read a ranking that changes
 * four times a second. The first value and the last one always come through.
 */
export function useThrottled<T>(source: ReadonlySignal<T>, interval: Millis): ReadonlySignal<T> {
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
      else timer ??= setTimeout(show, interval)
      isFirst = false
    })
    return () => {
      stop()
      if (timer !== null) clearTimeout(timer)
    }
  }, [source, interval, shown])
  return shown
}
