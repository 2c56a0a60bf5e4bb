import type { StreamConfig } from '../config/connector.ts'
import { parseExact } from '../decode/exact-json.ts'
import type { PageRows } from '../decode/page-decoder.ts'
import { readLines } from './rows.ts'
import type { Slice } from './slices.ts'

/** What a child's templates may use of each row of its parent's page: one slice of each, or one for each partition. */
export async function parentSlices(
  rows: PageRows,
  { parent, partitions: config }: Pick<StreamConfig, 'parent' | 'partitions'>,
): Promise<readonly Slice[]> {
  const slices: Slice[] = []
  const parts: readonly Slice[] = config ? partitions(config) : [{}]
  for await (const line of readLines(rows)) {
    const row = parseExact(line) as Record<string, unknown>
    const fields = Object.entries(parent?.include ?? {}).map(([name, field]) => [name, printable(dig(row, field))])
    const values = Object.fromEntries(fields) as Record<string, unknown>
    slices.push(...parts.map((part) => ({ parent: values, ...part })))
  }
  return slices
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
