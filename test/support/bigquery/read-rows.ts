import { type TypeTree, typeTree } from '../../../src/schema/type-tree.ts'
import type { Column, ColumnType } from '../../../src/schema/types.ts'

/** The values of a row as text of one form, regardless of the destination: exact, times in UTC with six fraction digits. */
export type TextRow = Readonly<Record<string, string | null>>

interface Reply {
  readonly error?: { readonly message: string; readonly code: number }
  readonly rows?: readonly { readonly f: readonly { readonly v: string | null }[] }[]
}

/** Runs a statement and resolves with the rows, values as the REST API spells them. Rejects with the service's words. */
export async function query(endpoint: string, project: string, sql: string): Promise<(string | null)[][]> {
  const answer = await fetch(`${endpoint}/bigquery/v2/projects/${project}/queries`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query: sql,
      useLegacySql: false,
      timeoutMs: 60_000,
      maxResults: 100_000,
      formatOptions: { useInt64Timestamp: true },
    }),
  })
  const { error, rows = [] } = (await answer.json()) as Reply
  if (error) throw new Error(`${error.code} ${error.message}`)
  return rows.map(({ f }) => f.map(({ v }) => v))
}

export async function readTable(
  endpoint: string,
  { project, dataset, table }: { readonly project: string; readonly dataset: string; readonly table: string },
  columns: readonly Column[],
): Promise<readonly TextRow[]> {
  const names = columns.map(({ name, type }) => selectText(`\`${name}\``, type))
  const rows = await query(endpoint, project, `SELECT ${names.join(', ')} FROM \`${project}.${dataset}.${table}\``)
  return rows.map((row) =>
    Object.fromEntries(columns.map(({ name, type }, at) => [name, toText(row[at] ?? null, type)])),
  )
}

export async function listTables(endpoint: string, project: string, dataset: string): Promise<readonly string[]> {
  const answer = await fetch(`${endpoint}/bigquery/v2/projects/${project}/datasets/${dataset}/tables?maxResults=1000`)
  const { tables = [] } = (await answer.json()) as { tables?: { tableReference: { tableId: string } }[] }
  return tables.map(({ tableReference }) => tableReference.tableId)
}

function selectText(value: string, type: ColumnType): string {
  const tree = typeTree(type)
  if (tree.kind === 'record' || tree.kind === 'array') return toJson(value, tree, 0)
  return type === 'json' ? `IF(${value} IS NULL, NULL, TO_JSON_STRING(${value}))` : value
}

/** Numbers as they are, what JSON cannot say exactly as text. */
function toJson(value: string, tree: TypeTree, depth: number): string {
  switch (tree.kind) {
    case 'array': {
      const item = `item${depth}`
      const place = `place${depth}`
      const texts = `SELECT ${toJson(item, tree.item, depth + 1)} FROM UNNEST(${value}) AS ${item} WITH OFFSET AS ${place} ORDER BY ${place}`
      return `CONCAT('[', ARRAY_TO_STRING(ARRAY(${texts}), ','), ']')`
    }
    case 'record': {
      const fields = tree.fields.map(
        ({ name, type }) => `'"${name}":', IFNULL(${toJson(`${value}.\`${name}\``, type, depth)}, 'null')`,
      )
      return `IF(${value} IS NULL, NULL, CONCAT('{', ${fields.join(", ',', ")}, '}'))`
    }
    case 'decimal':
      return `CONCAT('"', FORMAT('%.${tree.scale}f', ${value}), '"')`
    case 'scalar':
      // As JSON it would be text beyond 2^53.
      if (tree.type === 'integer') return `CAST(${value} AS STRING)`
      return tree.type === 'bytes' ? `CONCAT('"', TO_BASE64(${value}), '"')` : `TO_JSON_STRING(${value})`
  }
}

function toText(value: string | null, type: ColumnType): string | null {
  if (value === null) return null
  const tree = typeTree(type)
  const scale = tree.kind === 'decimal' ? tree.scale : type === 'numeric' ? 9 : 0
  if (scale > 0) {
    const [whole = '', fraction = ''] = value.split('.')
    return `${whole}.${fraction.padEnd(scale, '0')}`
  }
  // The service leaves out a fraction that is none.
  if (type === 'datetime' && !value.includes('.')) return `${value}.000000`
  if (type === 'timestamp') return toTimestamp(BigInt(value))
  return type === 'number' ? String(Number(value)) : value
}

function toTimestamp(micros: bigint): string {
  const seconds = micros / 1_000_000n - (micros % 1_000_000n < 0n ? 1n : 0n)
  const rest = micros - seconds * 1_000_000n
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  return `${whole}.${String(rest).padStart(6, '0')}Z`
}
