import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

/** Returns whether a media query matches, and follows it. */
export function useMedia(query: string): boolean {
  const matches = useSignal(matchMedia(query).matches)
  useEffect(() => {
    const list = matchMedia(query)
    const follow = () => {
      matches.value = list.matches
    }
    list.addEventListener('change', follow)
    return () => list.removeEventListener('change', follow)
  }, [query, matches])
  return matches.value
}
