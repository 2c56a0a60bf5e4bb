import type { Column } from '../../schema/types.ts'
import { compareColumns } from '../column-changes.ts'
import { canWiden } from '../../schema/widen.ts'
import { sameName, systemColumns } from '../../schema/system-columns.ts'
import { failureOf, queryConfiguration, runJob } from './jobs.ts'
import { shortHash } from './labels.ts'
import type { Field } from './replies.ts'
import { ServiceError } from './service-error.ts'
import { quoteName } from './sql.ts'
import { createTable, type LiveTable, patchTable, readTable, type TableId, toFields } from './tables.ts'
import { toSqlType } from './types.ts'
import { qualify, type Warehouse } from './warehouse.ts'

export interface Preparation {
  readonly labels: Readonly<Record<string, string>>
  readonly columns: readonly Column[]
  /** Columns of our own beside the provider's; the system columns where absent. */
  readonly own?: readonly Column[]
  /** What a new table gets beside its columns, as the REST API takes it. */
  readonly more?: () => object
  /** The table as it stood when it was last looked at: not asked for again where nothing is to change. */
  readonly known?: LiveTable | undefined
}

/** BigQuery takes 5 changes of a table's definition in 10 s. */
const changesAtOnce = 5
const changesPause = 10_000

/**
 * Makes sure that a table is there and can take `columns`: creates it, adds and widens columns. Resolves with the table
 * as it stands then. Throws `DESTINATION_FAILED` where a type cannot become the other, `ServiceError` otherwise.
 */
export async function prepareTable(warehouse: Warehouse, id: TableId, wanted: Preparation): Promise<LiveTable> {
  if (wanted.known && isReady(id, wanted.known, wanted)) return wanted.known
  for (let tries = 1; ; tries += 1) {
    const live = await readTable(warehouse, id)
    if (live && isReady(id, live, wanted)) return live
    // Another run that changes the table at the same time is waited for; not for ever.
    if (tries > 100) throw new ServiceError(200, 'tableUnavailable', `the columns of ${id.table} keep changing`)
    if (!live) await create(warehouse, id, wanted)
    else await change(warehouse, { id, live, wanted, tries })
  }
}

async function create(
  warehouse: Warehouse,
  id: TableId,
  { columns, own = systemColumns, more }: Preparation,
): Promise<void> {
  await createTable(warehouse, id, { fields: toFields([...columns, ...own]), more: more?.() ?? {} })
}

function isReady(id: TableId, live: LiveTable, wanted: Preparation): boolean {
  const { added, widened } = compareLive(id, live, wanted)
  return added.length === 0 && widened.length === 0 && missingOwn(live, wanted).length === 0
}

/** A table of somebody else's making may lack the system columns. */
function missingOwn({ fields }: LiveTable, { own = systemColumns }: Preparation): readonly Column[] {
  return own.filter(({ name }) => !fields.some((field) => sameName(field.name, name)))
}

/** Two records of the same fields in another order are as wide as one another: there is nothing to change. */
function compareLive(id: TableId, live: LiveTable, wanted: Preparation) {
  const { added, widened } = compareColumns(id.table, live.columns, wanted.columns)
  const typeNow = new Map(live.columns.map(({ name, type }) => [name.toLowerCase(), type]))
  return {
    added,
    widened: widened.filter(({ name, type }) => !canWiden(type, typeNow.get(name.toLowerCase()) ?? type)),
  }
}

/** Adds to records the fields that they are to have too; the same list where there are none. */
function addFields(live: readonly Field[], wanted: readonly Field[]): readonly Field[] {
  const changed = live.map((field) => {
    const more = wanted.find(({ name }) => sameName(name, field.name))?.fields
    if (!more || !field.fields) return field
    const nested = addFields(field.fields, more)
    const fresh = more.filter(({ name }) => !nested.some((known) => sameName(known.name, name)))
    return nested === field.fields && fresh.length === 0 ? field : { ...field, fields: [...nested, ...fresh] }
  })
  return changed.every((field, at) => field === live[at]) ? live : changed
}

interface Change {
  readonly id: TableId
  readonly live: LiveTable
  readonly wanted: Preparation
  readonly tries: number
}

async function change(warehouse: Warehouse, { id, live, wanted, tries }: Change): Promise<void> {
  const { added, widened } = compareLive(id, live, wanted)
  const fresh = [...added, ...missingOwn(live, wanted)]
  const fields = addFields(live.fields, toFields(widened))
  if (fresh.length > 0 || fields !== live.fields)
    await addColumns(warehouse, id, { live, fields: [...fields, ...toFields(fresh)] })
  else await widenColumns(warehouse, { id, live, wanted, tries }, widened)
}

async function addColumns(
  warehouse: Warehouse,
  id: TableId,
  { live, fields }: { readonly live: LiveTable; readonly fields: readonly Field[] },
): Promise<void> {
  const body = { schema: { fields } }
  try {
    await patchTable(warehouse, id, { body, ...(live.etag !== undefined && { etag: live.etag }) })
  } catch (thrown) {
    // Somebody else has changed the table meanwhile (412): it is looked at again.
    if (!(thrown instanceof ServiceError) || thrown.status !== 412) throw thrown
  }
}

async function widenColumns(
  warehouse: Warehouse,
  { id, live, wanted, tries }: Change,
  widened: readonly Column[],
): Promise<void> {
  const table = qualify({ client: warehouse.client, dataset: id.dataset }, id.table)
  const some = widened.slice(0, changesAtOnce)
  const statements = some.map(
    ({ name, type }) => `ALTER TABLE ${table} ALTER COLUMN ${quoteName(name)} SET DATA TYPE ${toSqlType(type)};`,
  )
  const query = statements.join('\n')
  const { effects } = warehouse.client
  // The same change of the same table at the same state, whichever run asks for it.
  const jobId = `headrace-widen-${shortHash(`${table} ${live.etag} ${live.created} ${query}`, 24)}-${tries}`
  const job = await runJob(warehouse, {
    id: jobId,
    labels: wanted.labels,
    configuration: queryConfiguration(warehouse, { query, parameters: {} }),
  })
  const failure = failureOf(job)
  if (failure && failure.reason !== 'rateLimitExceeded') throw failure
  if (failure || widened.length > some.length) await effects.sleep(changesPause, never)
}

const never = new AbortController().signal
