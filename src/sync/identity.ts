import { createHash } from 'node:crypto'
import type { Connector, StreamConfig } from '../connector/connector.ts'
import { writeMode } from '../connector/write-mode.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import type { Identity } from '../destinations/checkpoint.ts'

export interface IdentityOptions {
  readonly connector: Connector
  readonly stream: StreamConfig
  readonly env: Readonly<Record<string, string | undefined>>
  readonly backfill: { readonly from: CursorValue; readonly until: CursorValue } | undefined
}

/** What the connector file says now of a stream. */
export function identify({ connector, stream, env, backfill }: IdentityOptions): Identity {
  const { incremental, primary_key: key = [], columns, table, name, rows } = stream
  const format = incremental?.format
  const named = Object.entries(columns).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return {
    connector: connector.name,
    source: sourceOf(connector, stream, env),
    filters: filtersOf(connector, stream, env),
    rows: rows ?? null,
    cursor: incremental?.cursor ?? null,
    format: format === undefined ? null : typeof format === 'string' ? format : JSON.stringify(format),
    start: incremental?.start ?? null,
    lookback: incremental?.lookback ?? 0,
    key,
    write: writeMode(stream),
    slices: slicesOf(stream),
    table: table ?? name,
    dropped: named.filter(([, { drop }]) => drop).map(([field]) => field),
    renamed: Object.fromEntries(
      named.flatMap(([field, { rename }]) => (rename === undefined ? [] : [[field, rename]])),
    ),
    ...(backfill && { range: [backfill.from, backfill.until] as const }),
  }
}

/** The declared formats of the cursor; none where the rows tell. */
export function formatsOfIdentity({ format }: Identity): readonly string[] {
  if (format === null) return []
  return format.startsWith('[') ? (JSON.parse(format) as string[]) : [format]
}

type Env = IdentityOptions['env']

type Show = (value: string, name: string) => string

/** The source with the values of the environment as they are: so checkpoints of earlier versions have it. */
export const clearSource = ({ connector, stream, env }: Omit<IdentityOptions, 'backfill'>): string =>
  sourceOf(connector, stream, env, (value) => value)

/** A value of the environment may be a secret, but must tell one account from another. */
const showHash: Show = (value, name) => `{env.${name}:${shortHash(value)}}`

/** A change from http to https, or of a slash, leads to the same rows. */
function sourceOf(
  { base_url: base }: Connector,
  { url, path = '' }: StreamConfig,
  env: Env,
  show: Show = showHash,
): string {
  const [root = ''] = base.split(/[?#]/)
  const whole = url ?? `${root.replace(/(?<!\/)\/+$/, '')}/${path.replace(/^\/+/, '')}`
  const [place = ''] = withEnv(whole, env, show).split('?')
  return place
    .replace(/^https?:\/\//i, '')
    .replace(/^[^/]*/, (host) => host.toLowerCase())
    .replace(/(?<!\/)\/+$/, '')
}

/** A value of the environment is what decides: `{{ env.ACCOUNT }}` is written the same for every account. */
const withEnv = (text: string, env: Env, show: Show = (value) => value): string =>
  text.replaceAll(/\{\{\s*env\.(\w+)\s*\}\}/g, (_, name: string) => show(env[name] ?? '', name))

/** They say how many rows a page has, in which order, with which members, or who asks; never which rows there are. */
const harmlessName =
  /^(page|perpage|pagesize|pagelimit|limit|offset|skip|start(at|index)?|size|count|maxresults|maxpagesize|top|first|last|cursor|after|before|fields?|select|expand|embed|include|sort|sortby|sortorder|sortdirection|order|orderby|direction|version|apiversion|format|lang|language|locale|pretty)$|key$|token|secret|password|signature/

/** Of headers it is the other way around: few say whose rows come. */
const decidingHeader =
  /account|tenant|organi[sz]ation|(^|-)org|workspace|company|customer|project|site|store|shop|realm|team/

/** What moves by itself from run to run does not tell one listing from another. */
const moving = /\{\{\s*(cursor|now|run)\b/

function filtersOf(connector: Connector, stream: StreamConfig, env: Env): Record<string, string> {
  const paging = new Set(Object.values(stream.paginator).filter((value) => typeof value === 'string'))
  const isFilter = (name: string): boolean =>
    !paging.has(name) && !harmlessName.test(name.toLowerCase().replaceAll(/[^a-z]/g, ''))
  const filters: [string, unknown][] = []
  const add = (place: string, members: Readonly<Record<string, unknown>>, counts: (name: string) => boolean): void => {
    for (const [name, value] of Object.entries(members)) if (counts(name)) filters.push([`${place}.${name}`, value])
  }
  const query = (stream.url ?? stream.path ?? '').split('?')[1]
  add('params', { ...connector.params, ...Object.fromEntries(new URLSearchParams(query)), ...stream.params }, isFilter)
  add('headers', { ...connector.headers, ...stream.headers }, (name) => decidingHeader.test(name.toLowerCase()))
  const { body } = stream
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) add('body', body, isFilter)
  else if (body !== undefined && body !== null) filters.push(['body', body])
  const hashes = filters
    .map(([name, value]) => [name, JSON.stringify(value)] as const)
    .filter(([, text]) => !moving.test(text))
    .map(([name, text]) => [name, shortHash(withEnv(text, env))] as const)
  return Object.fromEntries(hashes.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

const shortHash = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 8)

function slicesOf({ partitions, parent }: StreamConfig): string | null {
  if (parent) return `parent ${parent.stream}`
  if (!partitions) return null
  const names = Array.isArray(partitions) ? partitions.flatMap((one) => Object.keys(one)) : Object.keys(partitions)
  return `partitions ${[...new Set(names)].toSorted().join(', ')}`
}
