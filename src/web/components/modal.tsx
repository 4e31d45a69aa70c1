import { type ComponentChildren, createPortal } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'

type ModalProps = {
  readonly title: string
  readonly onClose: () => void
  readonly children: ComponentChildren
}

/**
 * A dialog over the page, by the browser's own element: it keeps the focus and closes with Escape. It is a
 * child of the body, so that it looks the same wherever its button is.
 */
export function Modal({ title, onClose, children }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => dialog.current?.showModal(), [])
  return createPortal(
    <dialog class="modal" ref={dialog} aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>,
    document.body,
  )
}
