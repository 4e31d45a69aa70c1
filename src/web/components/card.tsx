import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

type CardProps = { readonly title: string; readonly children: ComponentChildren }

/** A panel that asks the reader to do something: a title and actions. */
export function Card({ title, children }: CardProps) {
  const id = useId()
  return (
    <section class="panel card" aria-labelledby={id}>
      <h2 id={id} class="card-title">
        {title}
      </h2>
      {children}
    </section>
  )
}

/** A card that waits for the server. */
export function WaitingCard({ text }: { readonly text: string }) {
  return (
    <Card title="One moment">
      <p class="waiting">
        <span class="spinner" aria-hidden="true" />
        {text}
      </p>
    </Card>
  )
}
