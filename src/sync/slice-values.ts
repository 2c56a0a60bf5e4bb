import type { Slice } from '../destinations/resume-point.ts'
import type { StreamConfig } from '../connector/connector.ts'
import { parseExact } from '../base/json/exact-json.ts'
import type { PageRows } from '../decode/page-decoder.ts'
import { readMembers } from '../schema/value.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import { findCursor } from './row-cursor.ts'
import { readLines } from './rows.ts'

/** Of a row of a parent: what its children include, by the name of the field. Plain JSON. */
export type ParentRow = Readonly<Record<string, unknown>>

/** What children include of a parent's rows, and their cursors where a field is named that has them. */
export async function parentRows(
  rows: PageRows,
  { fields, cursor }: { readonly fields: readonly string[]; readonly cursor: string | undefined },
): Promise<{ readonly rows: readonly ParentRow[]; readonly cursors?: readonly (CursorValue | null)[] }> {
  const found: ParentRow[] = []
  const cursors: (CursorValue | null)[] = []
  for await (const line of readLines(rows)) {
    const row = parseExact(line) as Record<string, unknown>
    found.push(Object.fromEntries(fields.map((field) => [field, printable(dig(row, field))])))
    if (cursor !== undefined) cursors.push(findCursor(readMembers(line), line, cursor) ?? null)
  }
  return { rows: found, ...(cursor !== undefined && { cursors }) }
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
