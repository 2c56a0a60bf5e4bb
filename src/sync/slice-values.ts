import type { StreamConfig } from '../config/connector.ts'
import { parseExact } from '../decode/exact-json.ts'
import type { PageRows } from '../decode/page-decoder.ts'
import { readLines } from './rows.ts'
import type { Slice } from './slices.ts'

/** Of a row of a parent: what its children include, by the name of the field. Plain JSON. */
export type ParentRow = Readonly<Record<string, unknown>>

export async function parentRows(rows: PageRows, fields: readonly string[]): Promise<readonly ParentRow[]> {
  const found: ParentRow[] = []
  for await (const line of readLines(rows)) {
    const row = parseExact(line) as Record<string, unknown>
    found.push(Object.fromEntries(fields.map((field) => [field, printable(dig(row, field))])))
  }
  return found
}

/** One slice of each row of the parent, or one for each partition. */
export function parentSlices(
  rows: readonly ParentRow[],
  { parent, partitions: config }: Pick<StreamConfig, 'parent' | 'partitions'>,
): readonly Slice[] {
  const parts: readonly Slice[] = config ? partitions(config) : [{}]
  const include = Object.entries(parent?.include ?? {})
  return rows.flatMap((row) => {
    const values = Object.fromEntries(include.map(([name, field]) => [name, row[field]]))
    return parts.map((part) => ({ parent: values, ...part }))
  })
}

/** A list as it is; of a matrix every combination, the last name varying fastest. */
export function partitions(config: NonNullable<StreamConfig['partitions']>): readonly Slice[] {
  if (Array.isArray(config)) return config.map((partition) => ({ partition }))
  return Object.entries(config)
    .reduce<Record<string, unknown>[]>(
      (sets, [name, values]) => sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value }))),
      [{}],
    )
    .map((partition) => ({ partition }))
}

const dig = (row: Record<string, unknown>, field: string): unknown =>
  Object.hasOwn(row, field)
    ? row[field]
    : field
        .split('.')
        .reduce<unknown>(
          (at, name) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined),
          row,
        )

/** A checkpoint is JSON, which has no integers beyond 2^53. */
const printable = (value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : (value ?? null))
