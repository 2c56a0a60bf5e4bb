import type { Column } from '../../schema/types.ts'
import { loadedAtColumn, runIdColumn } from '../../schema/system-columns.ts'
import { listNames, quoteName, quotePath, quoteText } from './sql.ts'
import { toColumnValue, toReadType } from './types.ts'

export interface Load {
  /** NDJSON. */
  readonly path: string
  readonly columns: readonly Column[]
  readonly runId: string
  readonly loadedAt: string
  /** The largest row that is expected, in bytes. */
  readonly rowSize: number
}

/** `read_json` of no columns is a syntax error; rows without any (all of them empty or null) count all the same. */
const nothing: Column = { name: '_headrace_nothing', type: 'boolean' }

/**
 * A SELECT of the batch in the order of its lines: its columns, then the system columns. DuckDB is told that lines are
 * records: of one column, and lines that are all empty, it would take each line for a value.
 */
export function selectRows({ path, columns, runId, loadedAt, rowSize }: Load): string {
  const read = columns.length > 0 ? columns : [nothing]
  const types = read.map(({ name, type }) => `${quoteText(name)}: ${quoteText(toReadType(type))}`)
  const values = columns.map(({ name, type }) => {
    const value = toColumnValue(quoteName(name), type)
    return value === quoteName(name) ? value : `${value} AS ${quoteName(name)}`
  })
  const constants = [
    `${quoteText(runId)} AS ${quoteName(runIdColumn)}`,
    `TIMESTAMPTZ ${quoteText(loadedAt)} AS ${quoteName(loadedAtColumn)}`,
  ]
  return `SELECT ${[...values, ...constants].join(', ')} FROM read_json(${quotePath(path)}, format = 'newline_delimited',
    auto_detect = false, records = true, maximum_object_size = ${rowSize}, columns = {${types.join(', ')}})`
}

/** The columns that a batch fills, in the order of `selectRows`. */
export function listLoadedColumns(columns: readonly Column[]): string {
  return listNames([...columns.map(({ name }) => name), runIdColumn, loadedAtColumn])
}
