import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'

/**
 * The API description as one page of plain HTML: no script, nothing fetched from elsewhere, readable on a
 * phone.
 */
export function openApiPage(spec: unknown): Response {
  const document = asObject(spec as Json)
  const info = asObject(document.info)
  const sections = [...operationsByTag(asObject(document.paths))]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([tag, operations]) => `<section><h2>${escapeHtml(tag)}</h2>${operations.join('')}</section>`)
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(text(info.title))} API</title>
<style>${STYLE}</style></head><body><main><h1>${escapeHtml(text(info.title))} API</h1>
<p>Version ${escapeHtml(text(info.version))}. ${escapeHtml(text(info.description))}
The same for programs: <a href="/openapi/json">/openapi/json</a>.</p>${sections.join('')}</main></body></html>`
  return new Response(body, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    },
  })
}

function operationsByTag(paths: JsonObject): Map<string, string[]> {
  const tags = new Map<string, string[]>()
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, value] of Object.entries(asObject(methods))) {
      const operation = asObject(value)
      const tag = text(asList(operation.tags)[0]) || 'other'
      const found = tags.get(tag) ?? []
      found.push(operationHtml(method, path, operation))
      tags.set(tag, found)
    }
  }
  return tags
}

function operationHtml(method: string, path: string, operation: JsonObject): string {
  const parameters = asList(operation.parameters).map((item) => {
    const { name, in: place, required, description, schema } = asObject(item)
    const need = required === true ? 'required' : 'optional'
    return `<tr><td><code>${escapeHtml(text(name))}</code></td><td>${escapeHtml(text(place))}, ${need}</td><td>${escapeHtml(
      text(description) || text(asObject(schema).description),
    )}</td><td><code>${escapeHtml(typeOf(asObject(schema)))}</code></td></tr>`
  })
  const schema = asObject(
    asObject(asObject(asObject(operation.requestBody).content)['application/json']).schema,
  )
  const answers = Object.entries(asObject(operation.responses)).map(([status, value]) => {
    const answer = asObject(value)
    const shape = asObject(asObject(asObject(answer.content)['application/json']).schema)
    return `<h4>Answer ${escapeHtml(status)} ${escapeHtml(text(answer.description))}</h4>${schemaHtml(shape)}`
  })
  return `<details><summary><b class="${escapeHtml(method)}">${escapeHtml(method.toUpperCase())}</b> <code>${escapeHtml(path)}</code>
<span>${escapeHtml(text(operation.summary))}</span></summary><p>${escapeHtml(text(operation.description))}</p>${
    operation.security === undefined ? '' : '<p>Needs <code>Authorization: Bearer …</code></p>'
  }${parameters.length === 0 ? '' : `<h4>Parameters</h4><table>${parameters.join('')}</table>`}${
    Object.keys(schema).length === 0 ? '' : `<h4>Body</h4>${schemaHtml(schema)}`
  }${answers.join('')}</details>`
}

function schemaHtml(schema: JsonObject): string {
  return Object.keys(schema).length === 0 ? '' : `<pre>${escapeHtml(JSON.stringify(schema, null, 2))}</pre>`
}

function typeOf(schema: JsonObject): string {
  const alternatives = asList(schema.anyOf)
  if (alternatives.length > 0) {
    return [
      ...new Set(alternatives.map((one) => text(asObject(one).const) || text(asObject(one).type))),
    ].join(' | ')
  }
  return text(schema.type)
}

function asObject(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}

function asList(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function text(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function escapeHtml(raw: string): string {
  return raw.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{margin:0}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem}h2{margin-top:2rem;text-transform:capitalize}
details{border:1px solid light-dark(#ddd,#444);border-radius:.5rem;margin:.5rem 0;padding:.5rem .75rem}
summary{cursor:pointer}summary span{color:light-dark(#555,#aaa)}b{display:inline-block;min-width:4rem}
b.get{color:light-dark(#0a6,#4d9)}b.post{color:light-dark(#06c,#6af)}b.delete{color:light-dark(#c22,#f77)}
pre{overflow:auto;background:light-dark(#f6f6f6,#1c1c1c);padding:.75rem;border-radius:.375rem;font-size:.8rem}
table{border-collapse:collapse}td{padding:.2rem .75rem .2rem 0;vertical-align:top}`
