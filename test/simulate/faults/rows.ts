import type { Ask } from './case.ts'

export interface Row {
  readonly id: number
  readonly label: string
  readonly updated_at: unknown
  readonly [name: string]: unknown
}

/** A time on 2024-05-DAY, at noon. */
export const onDay = (day: number): string => `2024-05-${String(day).padStart(2, '0')}T12:00:00Z`

export const row = (id: number, more: object = {}): Row => ({ id, label: `r${id}`, updated_at: onDay(id), ...more })

/** Rows 1 to `count`, each a day younger than the one before. */
export const rows = (count: number): readonly Row[] => Array.from({ length: count }, (_, index) => row(index + 1))

export const labels = (count: number): readonly string[] => rows(count).map(({ label }) => label)

export const slice = (all: readonly Row[], page: number, size = 2): readonly Row[] =>
  all.slice((page - 1) * size, page * size)

/** The rows that `since` asks for, as far as text of one spelling tells. */
export const since = (all: readonly Row[], { param }: Ask): readonly Row[] =>
  all.filter(({ updated_at: at }) => String(at) >= param('since'))

export const newestFirst = (all: readonly Row[]): readonly Row[] => all.toReversed()

export const byPage = { type: 'page_number' }
export const sends = { since: '{{ cursor }}' }
export const merge = { write: 'merge', primary_key: ['id'] }
export const incremental = { cursor: 'updated_at' }
/** A stream that sends its cursor. */
export const tracked = { ...merge, paginator: byPage, params: sends, incremental }
