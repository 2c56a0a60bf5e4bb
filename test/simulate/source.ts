import type { Change, ProviderSpec } from './scenario.ts'
import { spellingOf } from './spelling.ts'

/** One row as it stands at the provider. */
export interface SourceRow {
  readonly number: number
  readonly slice: number
  readonly version: number
  /** When it changed, milliseconds since 1970, as precise as the provider keeps it. */
  readonly at: number
  /** When it changed in truth. */
  readonly changedAt: number
}

/** Names a version of a row in a table, whatever becomes of its other fields. */
export const labelOf = ({ number, version }: Pick<SourceRow, 'number' | 'version'>): string => `r${number}.${version}`

export const epoch = Date.UTC(2024, 5, 1)

const hour = 3_600_000

/** The truth: what the provider has, changed between requests. */
export class Source {
  rows: readonly SourceRow[] = []
  /** How often it changed. */
  changes = 0
  readonly #spec: ProviderSpec
  #next = 1

  constructor(spec: ProviderSpec) {
    this.#spec = spec
    for (let index = 0; index < spec.rows; index++) {
      const group = Math.floor(index / spec.ties)
      this.#insert(epoch - 72 * hour + group * 1_234_567)
    }
    this.changes = 0
  }

  /** `late`: how far back, in milliseconds, a row may be written that only shows now. */
  apply({ kind, row }: Change, now: number, late: number): void {
    this.changes++
    if (kind === 'insert') this.#insert(now)
    else if (kind === 'late') this.#insert(now, Math.max(now - late, epoch - hour))
    else if (this.rows.length > 0) {
      const index = row % this.rows.length
      const { number, slice, version } = this.rows[index] as SourceRow
      const updated = { number, slice, version: version + 1, at: this.#keep(now), changedAt: now }
      this.rows =
        kind === 'update' ? this.rows.with(index, updated) : this.rows.filter((_, position) => position !== index)
    }
  }

  #insert(now: number, at = now): void {
    const number = this.#next++
    const slice = number % Math.max(this.#spec.slices, 1)
    this.rows = [...this.rows, { number, slice, version: 1, at: this.#keep(at), changedAt: now }]
  }

  #keep(ms: number): number {
    const spelling = spellingOf(this.#spec.spelling)
    return spelling.parse(String(spelling.spell(ms))) as number
  }
}
