import { rowsReply } from './replies.ts'
import { type Sql, toQueryParameters } from './sql.ts'
import { spentOnRows } from './usage.ts'
import type { Warehouse } from './warehouse.ts'

/** A value as the REST API spells it: text, regardless of its type. */
export type TextRow = readonly (string | null)[]

/** How long the service lets one request wait for a query, in milliseconds. */
const patience = 20_000

/**
 * Reads rows. The service is free to answer without making a job of it (`JOB_CREATION_OPTIONAL`). Throws `ServiceError`.
 */
export async function readRows(warehouse: Warehouse, sql: Sql): Promise<readonly TextRow[]> {
  const { client, maximumBytesBilled } = warehouse
  const location = await warehouse.findLocation()
  const place = location === undefined ? {} : { location }
  const parameters = toQueryParameters(sql.parameters)
  const body = {
    query: sql.query,
    useLegacySql: false,
    jobCreationMode: 'JOB_CREATION_OPTIONAL',
    timeoutMs: patience,
    ...place,
    ...(parameters.length > 0 && { parameterMode: 'NAMED', queryParameters: parameters }),
    ...(maximumBytesBilled !== undefined && { maximumBytesBilled }),
  }
  let reply = await client.call({ method: 'POST', path: '/queries', body }, rowsReply)
  const job = reply.jobReference?.jobId ?? ''
  const rows: TextRow[] = []
  for (;;) {
    if (reply.jobComplete) rows.push(...reply.rows.map(({ f }) => f.map(({ v }) => v)))
    if (reply.jobComplete && !reply.pageToken) break
    const page = reply.jobComplete && reply.pageToken ? { pageToken: reply.pageToken } : {}
    const query = { ...place, ...page, timeoutMs: String(patience) }
    reply = await client.call({ method: 'GET', path: `/queries/${job}`, query }, rowsReply)
  }
  warehouse.usage.add(spentOnRows(reply))
  return rows
}
