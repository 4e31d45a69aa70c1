import type { TSchema } from '@sinclair/typebox'

/** A place where a value does not fit its schema, as TypeBox reports it. */
export type Mismatch = { readonly path: string; readonly schema: TSchema; readonly value: unknown }

/**
 * Returns one sentence that names the field and what belongs there:
 * "field `networks[0].loss` must be a number from 0 to 100 (packets lost, in percent)".
 */
export function describeMismatch(mismatch: Mismatch): string {
  const { path, schema, value } = mismatch
  const missing = value === undefined ? ' is missing and' : ''
  const meaning = typeof schema.description === 'string' ? ` (${schema.description})` : ''
  return `field \`${fieldName(path)}\`${missing} must be ${expectation(schema)}${meaning}`
}

/** Returns `/networks/0/loss` as `networks[0].loss`. TypeBox escapes `/` and `~` as JSON pointers do. */
function fieldName(pointer: string): string {
  let name = ''
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~').slice(0, 64)
    if (/^\d+$/.test(key)) name += `[${key}]`
    else name += name === '' ? key : `.${key}`
  }
  return name
}

function expectation(schema: TSchema): string {
  if (Array.isArray(schema.anyOf))
    return `one of ${schema.anyOf.map((word: TSchema) => JSON.stringify(word.const)).join(', ')}`
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  switch (schema.type) {
    case 'string':
      if (typeof schema.pattern === 'string') return `a string that matches ${schema.pattern}`
      return `a string of ${schema.minLength} to ${schema.maxLength} characters`
    case 'integer':
      return `an integer from ${schema.minimum} to ${schema.maximum}`
    case 'number':
      return `a number from ${schema.minimum} to ${schema.maximum}`
    case 'array':
      return schema.maxItems === undefined
        ? 'an array'
        : `an array of ${schema.minItems ?? 0} to ${schema.maxItems} items`
    case 'object':
      return 'an object'
    default:
      return `of type ${String(schema.type)}`
  }
}
