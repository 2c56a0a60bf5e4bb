import type { ProviderSpec } from './scenario.ts'
import { type SourceRow, bookedLag, labelOf } from './source.ts'
import { type Spelling, spellingOf } from './spelling.ts'

/** One page of a listing. */
export interface Page {
  readonly rows: readonly SourceRow[]
  /** Rows of the whole listing, as it is now. */
  readonly total: number
  readonly more: boolean
  /** What the next request names; undefined behind the last page. */
  readonly token: string | undefined
}

type Placed = Pick<SourceRow, 'at' | 'place'>

/** The listings that a provider keeps for those who page through them. */
export class Listings {
  readonly #spec: ProviderSpec
  readonly #snapshots: (readonly SourceRow[])[] = []

  constructor(spec: ProviderSpec) {
    this.#spec = spec
  }

  /** `place` is what the request says: a page number, an offset, a token, a key; undefined for the first page. */
  read(rows: readonly SourceRow[], place: string | undefined, salt: number): Page | undefined {
    const { paging, listing, size } = this.#spec
    if (paging === 'none') return { rows, total: rows.length, more: false, token: undefined }
    if (paging === 'keyset') return this.#after(rows, (row) => row.number > Number(place ?? 0))
    if (paging === 'page') return this.#slice(rows, (Number(place ?? 1) - 1) * size)
    if (paging === 'offset') return this.#slice(rows, Number(place ?? 0))
    const [, kind, first = '', second = ''] = /^(n|s|l)(-?\d*)-(-?\d*)$/.exec(place ?? 'n0-') ?? []
    if (kind === undefined) return undefined
    if (listing === 'numbered') return this.#slice(rows, Number(first))
    if (listing === 'live') {
      if (place === undefined) return this.#after(rows, () => true)
      const last = { at: Number(first), place: Number(second) }
      return this.#after(rows, (row) => this.#compare(row, last, salt) > 0)
    }
    const snapshot = place === undefined ? this.#snapshots.push(rows) - 1 : Number(first)
    return this.#slice(this.#snapshots[snapshot] ?? [], Number(second), snapshot)
  }

  /** The rows in the order of this provider; `salt` chooses one where they have none. */
  sort(rows: readonly SourceRow[], salt: number): readonly SourceRow[] {
    return rows.toSorted((a, b) => this.#compare(a, b, salt))
  }

  #compare(a: Placed, b: Placed, salt: number): number {
    if (this.#spec.order === 'asc') return a.at - b.at || a.place - b.place
    if (this.#spec.order === 'desc') return b.at - a.at || b.place - a.place
    if (this.#spec.order === 'id') return a.place - b.place
    const factor = 7919 + 2 * salt
    return ((a.place * factor) % 1009) - ((b.place * factor) % 1009)
  }

  #slice(rows: readonly SourceRow[], from: number, snapshot?: number): Page {
    const end = from + this.#spec.size
    const page = rows.slice(from, end)
    const token = snapshot === undefined ? `n${end}-` : `s${snapshot}-${end}`
    return this.#page(page, { total: rows.length, more: end < rows.length, token })
  }

  #after(rows: readonly SourceRow[], follows: (row: SourceRow) => boolean): Page {
    const rest = rows.filter(follows)
    const { size, shortPages } = this.#spec
    const isShort = shortPages && rest.length % 2 === 0
    const page = rest.slice(0, isShort ? size - 1 : size)
    const last = page.at(-1)
    const token = last && (this.#spec.paging === 'keyset' ? String(last.number) : `l${last.at}-${last.place}`)
    return this.#page(page, { total: rows.length, more: rest.length > page.length, token })
  }

  #page(
    rows: readonly SourceRow[],
    { total, more, token }: { readonly total: number; readonly more: boolean; readonly token: string | undefined },
  ): Page {
    const isNamed = more || (this.#spec.lastToken && rows.length > 0)
    return { rows, total, more, token: isNamed ? token : undefined }
  }
}

/** Whether this version of a row has a time that is none, or one that is far off: it stays far off as the row changes. */
export const isOdd = ({ number, version }: SourceRow, { odd }: ProviderSpec): boolean =>
  odd !== 'none' && number === 1 && (version === 1 || odd === 'future')

/** What an odd row has in place of its `usual` time. */
function oddTime({ version }: SourceRow, odd: ProviderSpec['odd'], times: Spelling, usual: unknown): unknown {
  switch (odd) {
    case 'none':
      return usual
    case 'empty':
      return ''
    case 'zero':
      return '0000-00-00 00:00:00'
    case 'null':
      return null
    case 'future':
      return times.counts ? usual : times.spell(Date.UTC(2090, 0, version))
  }
}

/** The note that a row of this label has. */
export const noteOf = (label: string): string => `n-${label}`

/** A row as the provider writes it. */
export function writeRow(row: SourceRow, provider: ProviderSpec): Record<string, unknown> {
  const { number } = row
  const { key, spelling, odd } = provider
  const times = spellingOf(spelling)
  const write = (at: number): unknown => {
    const spelled = times.spell(at)
    return isOdd(row, provider) ? oddTime(row, odd, times, spelled) : spelled
  }
  const keys = {
    integer: { id: number },
    text: { id: `k-${number}` },
    big: { id: `@${9007199254740990n + BigInt(number)}` },
    composite: { shop: number % 3, id: Math.floor(number / 3) },
    nested: { info: { id: number } },
  }[key]
  return {
    ...keys,
    updated_at: write(row.at),
    booked_at: write(row.at - bookedLag),
    label: labelOf(row),
    note: noteOf(labelOf(row)),
    slice: row.slice,
    bucket: number % 2,
  }
}

/** Integers that a double does not hold are written as `"@..."` until here. */
export const writeJson = (value: unknown): string => JSON.stringify(value).replaceAll(/"@(\d+)"/g, '$1')
