import type { App } from '../run/app.ts'
import type { Connector, StreamConfig } from '../connector/connector.ts'
import { formatsOf } from '../syntax/cursor-format.ts'
import { secretRefs } from '../connector/secret-refs.ts'
import { renderRequest } from '../connector/templates.ts'
import type { ApiRequest } from '../http/send.ts'
import { createPaginator } from '../paginators/index.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import { CursorType } from '../sync/cursor.ts'
import type { RunRequest } from '../destinations/run-request.ts'
import { oneLine } from '../base/words/line.ts'
import { type CommandContext, toJson } from './context.ts'
import { exitCodes } from './exit-code.ts'
import { type CommitPrice, describePrice } from './price.ts'
import { selectStream } from '../run/select-stream.ts'
import { formatTable } from './table.ts'

/**
 * Prints the first request of each stream as a first run would send it, and what it would be signed with. Sends
 * nothing, reads no secret and no destination.
 */
export async function dryRun(
  request: RunRequest,
  app: App,
  { terminal, globals, prices }: CommandContext & { readonly prices?: readonly CommitPrice[] },
): Promise<number> {
  const connector = await app.loadConnector(request.connector)
  const streams = request.streams?.map((name) => selectStream(connector, name)) ?? connector.streams
  const secrets = secretRefs(connector).map(({ ref }) => ref.text)
  const auth = connector.auth.map(({ type }) => type)
  const requests = streams.map((stream) => ({ stream, first: firstRequest(connector, stream, { request, app }) }))
  if (globals.json) {
    const shown = requests.map(({ stream, first }) => ({
      stream: stream.name,
      ...(stream.auth && { auth: stream.auth.map(({ type }) => type) }),
      ...first,
    }))
    terminal.print(toJson({ connector: connector.name, auth, secrets, requests: shown, ...(prices && { prices }) }))
    return exitCodes.complete
  }
  for (const { stream, first } of requests)
    terminal.print(describe(terminal.style('bold', stream.name), first, describeSigning(connector, stream)))
  if (prices) terminal.print(`\n${formatTable(prices.map(describePrice), { width: terminal.width })}`)
  return exitCodes.complete
}

/** `signed with bearer (env:ACME_TOKEN)` */
function describeSigning(connector: Connector, stream: StreamConfig): string {
  const types = (stream.auth ?? connector.auth).map(({ type }) => type)
  if (types.every((type) => type === 'none')) return 'not signed'
  const secrets = secretRefs({ ...connector, streams: [stream] }).map(({ ref }) => ref.text)
  return `signed with ${types.join(', ')}${secrets.length > 0 ? ` (${[...new Set(secrets)].join(', ')})` : ''}`
}

function firstRequest(
  connector: Connector,
  stream: StreamConfig,
  { request, app }: { readonly request: RunRequest; readonly app: App },
): ApiRequest {
  const partition = firstPartition(stream)
  const rendered = renderRequest(connector, stream, {
    cursor: spellCursor(connector, stream, request.from ?? stream.incremental?.start),
    ...(stream.parent && { parent: placeholders(stream.parent) }),
    ...(partition && { partition }),
    now: app.effects.now(),
    run: { id: 'dry-run' },
    env: app.env,
  })
  return createPaginator(stream.paginator, { stop: stream.stop, maxPages: stream.max_pages }).first(rendered)
}

/** Where the listing starts, as a run sends it: in the provider's spelling as far as that is declared. */
function spellCursor(
  { name }: Connector,
  { name: stream, incremental }: StreamConfig,
  edge: CursorValue | undefined,
): CursorValue | null {
  if (edge === undefined || !incremental) return edge ?? null
  const { cursor: field, time_zone: timeZone, lookback } = incremental
  const where = `stream ${stream} of ${name}`
  const formats = formatsOf(incremental)
  const warn = (): void => undefined
  return new CursorType({ where, field, formats, timeZone, lookback, edges: [edge], done: null, warn }).spell(edge)
}

/** What a parent row will bring is not known yet: `orders.id` stands in its place. */
function placeholders({ stream, include }: NonNullable<StreamConfig['parent']>): Record<string, string> {
  return Object.fromEntries(Object.entries(include).map(([name, field]) => [name, `${stream}.${field}`]))
}

function firstPartition({ partitions }: StreamConfig): Record<string, unknown> | undefined {
  if (partitions === undefined || Array.isArray(partitions)) return partitions?.[0]
  return Object.fromEntries(Object.entries(partitions).map(([name, values]) => [name, values[0]]))
}

function describe(name: string, { method, url, headers, body }: ApiRequest, signed: string): string {
  const lines = [
    name,
    `  ${method} ${oneLine(url)}`,
    ...Object.entries(headers).map(([key, value]) => `  ${key}: ${oneLine(value)}`),
    ...(body === undefined ? [] : [`  ${body}`]),
    `  ${signed}`,
  ]
  return `${lines.join('\n')}\n`
}
