import { isObject, memberAt } from '../base/json/path.ts'
import type { CursorConfig } from './cursor.ts'
import type { PageView } from './paginator.ts'
import { hasJsonBody, parseBody } from './request-param.ts'

/** How deep connections are looked for. */
const deepest = 6

/**
 * A GraphQL connection (the Relay cursor connections specification): `pageInfo` gives the cursor, and the query says which
 * variable takes it. Only where there is one connection, as two would have to be paged apart.
 */
export function detectGraphql({ request, envelope }: PageView): CursorConfig | undefined {
  if (!isObject(envelope) || !isObject(envelope['data']) || !hasJsonBody(request)) return undefined
  const query = memberAt(parseBody(request), ['query'])
  const variable = typeof query === 'string' ? /\bafter\s*:\s*\$(\w+)/.exec(query)?.[1] : undefined
  const found = findPageInfo(envelope['data'], ['data'])
  if (variable === undefined || found.length !== 1) return undefined
  const path = `$${(found[0] as readonly string[]).map((name) => `[${JSON.stringify(name)}]`).join('')}.pageInfo`
  return { type: 'cursor', path: `${path}.endCursor`, body: `$.variables.${variable}`, has_more: `${path}.hasNextPage` }
}

function findPageInfo(value: unknown, path: readonly string[]): readonly (readonly string[])[] {
  if (!isObject(value) || path.length > deepest) return []
  const here = typeof memberAt(value, ['pageInfo', 'hasNextPage']) === 'boolean' ? [path] : []
  return [...here, ...Object.entries(value).flatMap(([name, member]) => findPageInfo(member, [...path, name]))]
}
