import type { Connector } from './connector.ts'
import { parseTemplate, type TemplatePart } from '../syntax/template-syntax.ts'
import { textsOf } from './template-use.ts'
import { evaluate } from '../syntax/template-value.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Fewer characters are a name, a number or a switch rather than a secret. */
const shortest = 8

/**
 * What the templates of a connector take from the environment, as it is and as their filters make it. Any of it may be a
 * secret, as `{{ env.KEY }}` is written like `{{ env.ACCOUNT }}`: all of 8 characters or more but dates and plain addresses.
 */
export function envValues(connector: Connector, env: Env): readonly string[] {
  const found = new Set<string>()
  const { base_url: base, headers, params, streams } = connector
  const requests = streams.map((stream) => [stream.path, stream.url, stream.headers, stream.params, stream.body])
  for (const text of textsOf([base, headers, params, requests])) {
    for (const part of parseTemplate(text).parts) {
      if (part.kind !== 'template' || part.root !== 'env') continue
      const value = env[part.field]
      if (value === undefined || value.length < shortest || isPlain(value)) continue
      found.add(value)
      const filtered = filter(part, env)
      if (typeof filtered === 'string' && filtered.length >= shortest) found.add(filtered)
    }
  }
  return [...found]
}

function filter(part: TemplatePart, env: Env): unknown {
  try {
    return evaluate(part, { scope: { env, now: 0, run: { id: '' } }, where: '', include: {} })
  } catch {
    // Whoever makes the request says what is wrong with its template.
    return undefined
  }
}

/** A date, or the address of a service without user name, password and query. */
function isPlain(value: string): boolean {
  const url = /^https?:/i.test(value) ? URL.parse(value) : null
  return url ? url.username === '' && url.password === '' && url.search === '' : /^\d{4}-\d\d-\d\d/.test(value)
}
