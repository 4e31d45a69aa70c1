import { isJsonObject, type Json } from '../core/json.ts'

/** What has to lie in a field. */
export type Kind = 'text' | 'boolean' | 'number' | 'object' | 'texts' | 'any'

/**
 * The fields of an object that readers rely on, by name; a question mark says that the field may be missing.
 */
export type Shape = { readonly [field: string]: Kind | `${Kind}?` | Shape }

/** Returns whether a value is an object with the fields of a shape; it may have others. */
export function fitsShape(value: Json | undefined, shape: Shape): boolean {
  if (!isJsonObject(value)) return false
  for (const field in shape) {
    const rule = shape[field]
    if (rule === undefined) continue
    const inner = Object.hasOwn(value, field) ? value[field] : undefined
    if (typeof rule === 'object') {
      if (!fitsShape(inner, rule)) return false
    } else if (inner === undefined) {
      if (!rule.endsWith('?')) return false
    } else if (!isOfKind(inner, rule)) return false
  }
  return true
}

function isOfKind(value: Json, rule: Kind | `${Kind}?`): boolean {
  switch (rule) {
    case 'text':
    case 'text?':
      return typeof value === 'string'
    case 'boolean':
    case 'boolean?':
      return typeof value === 'boolean'
    case 'number':
    case 'number?':
      return typeof value === 'number'
    case 'object':
    case 'object?':
      return isJsonObject(value)
    case 'texts':
    case 'texts?':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
    case 'any':
    case 'any?':
      return true
    default:
      return rule satisfies never
  }
}
