import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/**
 * Animates the children of a list to their new positions when `order` (one text for the whole order) has
 * changed. They are measured only then, and not animated for readers who want less motion.
 */
export function useFlip(list: RefObject<HTMLElement | null>, order: string): void {
  const tops = useRef<ReadonlyMap<Element, number>>(new Map())
  useLayoutEffect(() => {
    const children = [...(list.current?.children ?? [])]
    const now = new Map(children.map((child) => [child, childTop(child)]))
    if (order !== '' && !matchMedia('(prefers-reduced-motion: reduce)').matches) {
      for (const [child, top] of now) glide(child, (tops.current.get(child) ?? top) - top)
    }
    tops.current = now
  }, [list, order])
}

function childTop(child: Element): number {
  return child instanceof HTMLElement ? child.offsetTop : 0
}

function glide(child: Element, from: number): void {
  if (from === 0) return
  child.animate([{ transform: `translateY(${from}px)` }, { transform: 'none' }], {
    duration: 360,
    easing: 'cubic-bezier(0.2, 0.7, 0.2, 1)',
  })
}
