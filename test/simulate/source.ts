import type { Change, Host, ProviderSpec } from './scenario.ts'
import { spellingOf } from './spelling.ts'

/** One row as it stands at the provider. */
export interface SourceRow {
  readonly number: number
  readonly slice: number
  readonly version: number
  /** Of its own, also where it is the twin of another. */
  readonly place: number
  /** When it changed, milliseconds since 1970, as precise as the provider keeps it. */
  readonly at: number
  /** When it changed in truth. */
  readonly changedAt: number
}

/** Names a version of a row in a table, whatever becomes of its other fields. */
export const labelOf = ({ number, version }: Pick<SourceRow, 'number' | 'version'>): string => `r${number}.${version}`

export const epoch = Date.UTC(2024, 5, 1)

export const hour = 3_600_000

/** How far `booked_at` is behind the time of a change, in milliseconds. */
export const bookedLag = 240 * hour

/** The rows of the second host are older, and none of them is one of the first. */
const sandbox = { first: 5000, age: 120 * hour }

/** The truth: what one host of the provider has, changed between requests. */
export class Source {
  rows: readonly SourceRow[] = []
  /** How often it changed. */
  changes = 0
  /** Each value stands for another order of rows that have none. */
  salt = 0
  /** Slices that there are no more. */
  readonly gone = new Set<number>()
  /** How many rows there have ever been of a label: more than one where it has twins. */
  readonly made = new Map<string, number>()
  readonly #spec: ProviderSpec
  /** The time of the newest row that there has ever been. */
  #highest = 0
  #next: number
  #place = 0

  constructor(spec: ProviderSpec, host: Host) {
    this.#spec = spec
    this.#next = host === 'api' ? 1 : sandbox.first
    const age = host === 'api' ? 0 : sandbox.age
    for (let index = 0; index < spec.rows; index++) {
      const group = Math.floor(index / spec.ties)
      this.#insert(epoch - 72 * hour - age + group * 1_234_567)
    }
    this.changes = 0
  }

  /** `late`: how far back, in milliseconds, a row may be written that only shows now. */
  apply({ kind, row }: Change, now: number, late: number): void {
    this.changes++
    const index = row % Math.max(this.rows.length, 1)
    const slice = row % Math.max(this.#spec.slices, 1)
    switch (kind) {
      case 'insert':
        return this.#insert(now)
      case 'late':
        return this.#insert(now, Math.max(now - late, epoch - hour))
      case 'update':
        return this.#update(index, now)
      case 'delete':
        this.rows = this.rows.filter((_, position) => position !== index)
        return
      case 'twin':
        return this.#twin(now)
      case 'reorder':
        this.salt++
        return
      case 'gone':
        this.gone.add(slice)
        return
      case 'back':
        this.gone.delete(slice)
        return
    }
  }

  #update(index: number, now: number): void {
    const row = this.rows[index]
    if (!row) return
    const updated = { ...row, version: row.version + 1, at: this.#keep(now), changedAt: now }
    this.rows = this.rows.with(index, updated)
    this.#count(updated)
  }

  #twin(now: number): void {
    const newest = this.rows.toSorted((a, b) => b.at - a.at || b.place - a.place)[0]
    // One that is older lies before the cursor of whoever has seen the newest.
    if (newest && newest.at === this.#highest) this.#add({ ...newest, place: ++this.#place, changedAt: now })
  }

  #insert(now: number, at = now): void {
    const number = this.#next++
    const slice = number % Math.max(this.#spec.slices, 1)
    this.#add({ number, slice, version: 1, place: ++this.#place, at: this.#keep(at), changedAt: now })
  }

  #add(row: SourceRow): void {
    this.rows = [...this.rows, row]
    this.#count(row)
  }

  #count(row: SourceRow): void {
    this.#highest = Math.max(this.#highest, row.at)
    const label = labelOf(row)
    this.made.set(label, (this.made.get(label) ?? 0) + 1)
  }

  #keep(ms: number): number {
    const spelling = spellingOf(this.#spec.spelling)
    return spelling.parse(String(spelling.spell(ms))) as number
  }
}
