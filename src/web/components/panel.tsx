import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

type PanelProps = {
  readonly title: string
  /** Beside the title: a figure or a choice. */
  readonly aside?: ComponentChildren
  readonly class?: string
  readonly children: ComponentChildren
}

/** A part of a view with a title; a landmark for screen readers. */
export function Panel({ title, aside, class: extra = '', children }: PanelProps) {
  const id = useId()
  return (
    <section class={`panel ${extra}`} aria-labelledby={id}>
      <header class="panel-head">
        <h2 id={id}>{title}</h2>
        {aside === undefined ? null : <div class="panel-aside">{aside}</div>}
      </header>
      {children}
    </section>
  )
}
