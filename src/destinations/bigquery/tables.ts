import type { Column } from '../../schema/types.ts'
import { isSystemColumn } from '../../schema/system-columns.ts'
import { createOnce } from './create.ts'
import { anyReply, type Field, tableListReply, type TableReply, tableReply } from './replies.ts'
import { isNotFound } from './service-error.ts'
import { toLabel } from './labels.ts'
import { type Layout, readLayout } from './layout.ts'
import { fromField, toField } from './types.ts'
import type { Warehouse } from './warehouse.ts'

/** A table of the warehouse. */
export interface TableId {
  readonly dataset: string
  readonly table: string
}

/** A table as it stands. */
export interface LiveTable {
  /** System columns left out. */
  readonly columns: readonly Column[]
  readonly fields: readonly Field[]
  readonly layout: Layout
  /** Changes with every change of the table's definition. */
  readonly etag: string | undefined
  /** Milliseconds since 1970, as text. */
  readonly created: string
}

const pathOf = ({ dataset, table }: TableId): string => `/datasets/${dataset}/tables/${table}`

/** Undefined where there is no such table. */
export async function readTable({ client }: Warehouse, id: TableId): Promise<LiveTable | undefined> {
  try {
    return toLiveTable(await client.call({ method: 'GET', path: pathOf(id) }, tableReply))
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined
    throw thrown
  }
}

/** Creates a table unless it is there; `more` is what the REST API takes beside its schema (partitioning, expiration). */
export async function createTable(
  warehouse: Warehouse,
  id: TableId,
  table: { readonly fields: readonly object[]; readonly more?: object },
): Promise<void> {
  const { client, connector } = warehouse
  const body = {
    tableReference: { projectId: client.project, datasetId: id.dataset, tableId: id.table },
    schema: { fields: table.fields },
    labels: { managed_by: 'headrace', headrace_connector: toLabel(connector) },
    ...table.more,
  }
  await createOnce(
    client,
    () => client.call({ method: 'POST', path: `/datasets/${id.dataset}/tables`, body }, tableReply),
    async () => (await readTable(warehouse, id)) !== undefined,
  )
}

/** Changes what `body` names; with `etag` only while nobody else has changed the table (412). */
export async function patchTable({ client }: Warehouse, id: TableId, change: { body: object; etag?: string }) {
  const headers = change.etag === undefined ? {} : { 'if-match': change.etag }
  await client.call({ method: 'PATCH', path: pathOf(id), body: change.body, headers }, anyReply)
}

/** Resolves where the table is gone already, too. */
export async function dropTable({ client }: Warehouse, id: TableId): Promise<void> {
  try {
    await client.call({ method: 'DELETE', path: pathOf(id) }, anyReply)
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown
  }
}

/** Names; none where there is no such dataset. */
export async function listTables({ client }: Warehouse, dataset: string): Promise<readonly string[]> {
  const names: string[] = []
  try {
    const call = { method: 'GET', path: `/datasets/${dataset}/tables` } as const
    for (let page: Readonly<Record<string, string>> | undefined = {}; page;) {
      const query: Readonly<Record<string, string>> = { maxResults: '1000', ...page }
      const { tables, nextPageToken } = await client.call({ ...call, query }, tableListReply)
      names.push(...tables.map(({ tableReference }) => tableReference.tableId))
      page = nextPageToken ? { pageToken: nextPageToken } : undefined
    }
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown
  }
  return names
}

/** Columns as the REST API takes them. */
export function toFields(columns: readonly Column[]): readonly Field[] {
  return columns.map(toField)
}

function toLiveTable(reply: TableReply): LiveTable {
  const { etag, creationTime, schema } = reply
  const columns = schema.fields.map((field) => ({ name: field.name, type: fromField(field) }))
  return {
    columns: columns.filter(({ name }) => !isSystemColumn(name)),
    fields: schema.fields,
    layout: readLayout(reply),
    etag,
    created: creationTime,
  }
}
