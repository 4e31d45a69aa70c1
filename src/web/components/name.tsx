/**
 * A text that a person typed: a name of a user, of a device. It may be 64 letters without a space and in any
 * script: it wraps anywhere, and its direction does not turn the sentence around it.
 */
export function Name({ text }: { readonly text: string }) {
  return (
    <bdi class="name" title={text}>
      {text}
    </bdi>
  )
}
