// Compiled where the packed package is installed: what is right compiles, what is wrong does not.
import {
  type CheckReport,
  type ConnectorInput,
  type DefinedConnector,
  type RunRecord,
  type StatusReport,
  SyncError,
  check,
  defineConnector,
  preview,
  run,
  status,
} from 'headrace'

const acme: DefinedConnector = defineConnector({
  name: 'acme',
  base_url: 'https://api.acme.example',
  auth: { type: 'oauth2_client_credentials', token_url: 'https://id.acme.example/token', client_id: 'us' },
  timeout: '30s',
  streams: [
    {
      name: 'orders',
      path: '/orders',
      params: { status: ['open', 'paid'], page_size: 100 },
      paginator: { type: 'cursor', path: '$.next', param: 'cursor' },
      primary_key: ['id'],
      incremental: { cursor: 'updated_at', start: '2026-01-01T00:00:00Z' },
      columns: { total: { type: 'decimal(18,4)' }, lines: { type: 'array<record>', fields: { sku: 'string' } } },
    },
  ],
} as const)

const open: ConnectorInput = {
  name: 'open',
  base_url: 'https://open.example',
  streams: [{ name: 'days', auth: [{ type: 'none' }] }],
}

export async function use(): Promise<string | undefined> {
  const record: RunRecord = await run(acme, { destination: 'duckdb:acme.duckdb', streams: ['orders'], limit: 10 })
  const report: CheckReport = await check(defineConnector(open, { file: 'here.ts' }))
  const shown: StatusReport = await status(acme)
  await status()
  const { rows, columns } = await preview('acme', 'orders', { limit: 5, signal: AbortSignal.timeout(1_000) })
  const first: unknown = rows[0]?.['id']
  const code: 'complete' | 'handed_over' | 'failed' = record.status
  const text = new SyncError('INTERNAL', 'no').code === 'INTERNAL' ? columns[0]?.type : report.connector
  return [text, code, first, shown.connectors[0]?.streams[0]?.state, record.streams[0]?.error?.code].join()
}

// @ts-expect-error A connector needs a base_url.
defineConnector({ name: 'acme', streams: [{ name: 'orders' }] })

// @ts-expect-error A stream needs a name.
defineConnector({ name: 'acme', base_url: 'https://a.example', streams: [{ path: '/orders' }] })

defineConnector({
  name: 'acme',
  base_url: 'https://a.example',
  // @ts-expect-error There is no such way to sign in.
  auth: { type: 'oauth3' },
  streams: [{ name: 'orders' }],
})

defineConnector({
  name: 'acme',
  base_url: 'https://a.example',
  // @ts-expect-error A misspelled key.
  streams: [{ name: 'orders', primary_keys: ['id'] }],
})

defineConnector({
  name: 'acme',
  base_url: 'https://a.example',
  // @ts-expect-error This paginator has no such setting.
  streams: [{ name: 'orders', paginator: { type: 'link_header', size: 10 } }],
})

// @ts-expect-error What was not checked cannot be run.
await run({ ...open })

// @ts-expect-error A limit is a number.
await run(acme, { limit: '10' })

// @ts-expect-error There is no such option.
await run(acme, { to: 'duckdb:acme.duckdb' })

// @ts-expect-error A preview is of one stream.
await preview(acme)
