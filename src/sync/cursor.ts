import { sortableNumber, subtract } from '../syntax/moments/decimal-order.ts'
import { recognizeNumber, recognizeText, type TimeFormat } from '../syntax/moments/formats.ts'
import { isoNanos } from '../syntax/moments/wall.ts'
import { offsetAt } from '../syntax/moments/zones.ts'
import type { ColumnType } from '../schema/types.ts'
import type { SavedCursor } from '../destinations/checkpoint.ts'
import type { CursorValue, Lookback } from '../syntax/cursor-value.ts'
import { detectKind, isBlank, isCounted, isLikely, isPattern, type Kind, kindOf, kindOfSaved } from './cursor-kind.ts'
import {
  refuseEdge,
  refuseLookback,
  refuseSpelling,
  warnOfAbsence,
  warnOfFuture,
  warnOfSpelling,
  warnOfUnsendable,
} from './cursor-problems.ts'
import type { Warn } from '../base/warnings.ts'

export interface CursorOptions {
  /** `stream orders of acme` */
  readonly where: string
  /** The field of a row. */
  readonly field: string
  /** As the connector file declares them: names, patterns of strftime, or `number` or `text` alone. */
  readonly formats?: readonly string[] | undefined
  /** IANA name of the zone of times that do not say theirs. */
  readonly timeZone?: string | undefined
  readonly lookback: Lookback
  /** What the connector file or the run says of where a listing starts and ends. */
  readonly edges: readonly CursorValue[]
  /** What an earlier run found out. */
  readonly saved?: SavedCursor | undefined
  /** The cursor of a checkpoint that is older than `saved`. */
  readonly done: CursorValue | null
  /** Whether a request can hold a value; undefined where none holds the cursor. */
  readonly canSend?: ((value: CursorValue) => boolean) | undefined
  readonly warn: Warn
}

/** Comparable with others of its kind by `<`. */
type Comparable = bigint | string

const halfDayNs = 43_200_000_000_000n
const msNs = 1_000_000n
/** Clocks differ, and those of zones by fourteen hours; what lies beyond it is no time at which a row has changed. */
const futureNs = 2n * halfDayNs
const memoSize = 4096

/**
 * How the values of one stream's cursor are read, ordered and spelled. The kind and format are declared, saved by an
 * earlier run, or recognized from the first rows; until then it orders nothing.
 */
export class CursorType {
  readonly #options: CursorOptions
  readonly #memo = new Map<CursorValue, Comparable | undefined>()
  #kind: Kind | undefined
  #like: CursorValue | undefined
  /** The first that lies far ahead: one warning is enough. */
  #ahead: CursorValue | undefined

  /** Throws `CURSOR_INVALID` where an edge or the lookback cannot be that of such a cursor. */
  constructor(options: CursorOptions) {
    this.#options = options
    const { saved, formats, done } = options
    this.#like = saved?.like ?? done ?? undefined
    const kind = formats ? kindOf(formats) : saved && kindOfSaved(saved)
    if (kind) this.#setKind(kind)
    else if (done !== null && !isBlank(done)) {
      const legacy = detectKind(done, options)
      if (!legacy) warnOfSpelling(options, done)
      this.#setKind(legacy ?? { name: 'text' })
    }
  }

  get field(): string {
    return this.#options.field
  }

  /** Whether it has nothing to learn from rows. */
  get isSettled(): boolean {
    return this.#kind !== undefined && this.#like !== undefined
  }

  /** What a checkpoint keeps; undefined while nothing is known. */
  get saved(): SavedCursor | undefined {
    const kind = this.#kind
    if (!kind) return undefined
    const format = kind.name === 'instant' ? kind.formats[0].name : kind.name
    return { format, ...(this.#like !== undefined && { like: this.#like }) }
  }

  /**
   * Learns from the cursors of the first rows what they are. Throws `CURSOR_INVALID` where the first of them that says
   * anything is spelled in no way that is known, or declared.
   */
  learn(samples: readonly CursorValue[]): void {
    const telling = samples.filter((value) => !isBlank(value))
    const [first] = telling
    if (first === undefined) {
      const isNumber = samples.length > 0 && samples.every((value) => sortableNumber(value) !== undefined)
      if (!this.#kind && isNumber) this.#setKind({ name: 'number' })
      return
    }
    if (!this.#kind) {
      const kind = detectKind(first, this.#options, telling)
      if (!kind) throw refuseSpelling(this.#options, first)
      this.#like ??= kind.name === 'instant' ? (telling.find((value) => isLikely(value, kind)) ?? first) : first
      this.#setKind(kind)
    } else {
      if (!this.reads(first)) throw refuseSpelling(this.#options, first)
      this.#like = first
    }
  }

  /** Whether a row's value can be a cursor. */
  reads(value: CursorValue): boolean {
    return this.#read(value) !== undefined
  }

  /** Leaves a warning of a value that cannot be one. */
  warnOf(value: CursorValue): void {
    warnOfSpelling(this.#options, value)
  }

  /** Whether the cursor must not move to a value: a time far ahead of `now` (ms since 1970), or what no request can hold. */
  isBarred(value: CursorValue, now: number): boolean {
    return this.#isAhead(value, now) || !this.#canSend(value)
  }

  /** Leaves a warning of such a value. */
  warnOfBarred(value: CursorValue): void {
    if (!this.#canSend(value)) return warnOfUnsendable(this.#options)
    this.#ahead ??= value
    warnOfFuture(this.#options, this.#ahead)
  }

  #canSend(value: CursorValue): boolean {
    const { canSend } = this.#options
    return canSend === undefined || this.#kind?.name === 'number' || canSend(value)
  }

  #isAhead(value: CursorValue, now: number): boolean {
    if (this.#kind?.name !== 'instant') return false
    const ns = this.#comparable(value)
    return typeof ns === 'bigint' && ns > BigInt(Math.floor(now)) * msNs + futureNs
  }

  /** Leaves a warning that a page has no cursor at all. */
  warnOfAbsence(): void {
    warnOfAbsence(this.#options)
  }

  /** Negative where `a` is lower. What cannot be read is lower than everything. */
  compare(a: CursorValue, b: CursorValue): number {
    if (a === b) return 0
    const [left, right] = [this.#comparable(a), this.#comparable(b)]
    if (left === undefined || right === undefined) return left === right ? 0 : left === undefined ? -1 : 1
    return left < right ? -1 : left > right ? 1 : 0
  }

  higher(a: CursorValue | null, b: CursorValue | null): CursorValue | null {
    return a === null ? b : b === null || this.compare(a, b) >= 0 ? a : b
  }

  /** The cursor less the lookback, spelled as the source spells it and rounded away from the present. */
  shift(cursor: CursorValue): CursorValue {
    const { lookback, timeZone } = this.#options
    if (typeof lookback === 'object') return subtract(cursor, lookback.count) ?? cursor
    const format = this.#formatOf(cursor)
    const ns = format?.read(cursor, timeZone)
    if (!format || ns === undefined || lookback === 0) return cursor
    return format.write(ns - BigInt(lookback) * msNs, { like: cursor, zone: timeZone })
  }

  /**
   * A time never passes the moment at which its listing began (`began`, ms since 1970): a row of a page already read may
   * have changed since, and would be lost behind a later row that moved the cursor on. A time without zone may be that
   * of any place, so half a day is taken off.
   */
  capAtBegin(highest: CursorValue, began: number): CursorValue {
    const { timeZone } = this.#options
    const format = this.#formatOf(highest)
    const ns = format?.read(highest, timeZone)
    if (!format || ns === undefined) return highest
    const isLocal = timeZone === undefined && !format.hasZone(highest)
    const limit = BigInt(Math.floor(began)) * msNs - (isLocal ? halfDayNs : 0n)
    return ns <= limit ? highest : format.write(limit, { like: highest, zone: timeZone })
  }

  /** An edge as the provider spells its cursors, as far as that is known; one that is spelled so already stays. */
  spell(edge: CursorValue): CursorValue {
    const { timeZone, formats } = this.#options
    if (this.#kind?.name !== 'instant') return edge
    const [own] = this.#kind.formats
    const spelled = formats ? this.#kind.formats : [own]
    if (spelled.some((format) => format.read(edge, timeZone) !== undefined)) return edge
    const ns = this.#comparable(edge)
    return typeof ns === 'bigint' ? own.write(ns, { like: this.#like, zone: timeZone }) : edge
  }

  /** Whether a column of this type orders its values as the cursor does, and their bytes where they are spelled alike. */
  orders(type: ColumnType): boolean {
    const isNumber = /^(integer|numeric|bignumeric|number|decimal)/.test(type)
    const isTime = type === 'timestamp' || type === 'datetime' || type === 'date'
    const kind = this.#kind
    if (!kind) return isNumber || isTime
    if (kind.name === 'text') return type === 'string'
    if (kind.name !== 'instant') return isNumber
    // A column whose type is inferred may take a time by another reading than a pattern's for a time too.
    return (isTime && !isPattern(kind.formats[0])) || (isNumber && isCounted(kind.formats[0]))
  }

  /**
   * The value as a column that `orders` takes it: JSON text; undefined where such a column does not exist. A column of
   * dates, or of microseconds, holds it only in part.
   */
  toColumn(value: CursorValue, type: ColumnType): string | undefined {
    const { timeZone } = this.#options
    if (!this.orders(type)) return undefined
    const ns = this.#read(value)
    const kind = this.#kind
    if (kind?.name === 'number') return String(subtract(value, 0))
    if (kind?.name !== 'instant' || typeof ns !== 'bigint') return undefined
    if (type === 'timestamp') return `"${isoNanos(ns).slice(0, 26)}Z"`
    if (type === 'datetime' || type === 'date') return `"${this.#wall(ns).slice(0, type === 'date' ? 10 : 26)}"`
    return String(kind.formats[0].write(ns, { like: String(this.#like), zone: timeZone }))
  }

  /**
   * A text that orders the value among all others of the stream, byte by byte; undefined where its column (`type`,
   * undefined where it has none) does that with all that there is of it.
   */
  sortKey(value: CursorValue, type: ColumnType | undefined): string | undefined {
    const known = this.#read(value)
    const kind = this.#kind
    if (!kind || known === undefined) return undefined
    if (type !== undefined && this.orders(type) && !this.#isCut(known, type)) return undefined
    if (typeof known !== 'bigint' || kind.name !== 'instant') return String(known)
    if (type === 'datetime' || type === 'date') return this.#wall(known)
    const [format] = kind.formats
    if (type === 'timestamp' || !isCounted(format)) return isoNanos(known)
    return sortableNumber(format.write(known, { like: '0.000000000' }))
  }

  #isCut(known: Comparable, type: ColumnType): boolean {
    if (typeof known !== 'bigint') return false
    if (type === 'date') return !this.#wall(known).endsWith('T00:00:00.000000000')
    return (type === 'timestamp' || type === 'datetime') && known % 1000n !== 0n
  }

  /** What the clocks of the stream's zone show. */
  #wall(ns: bigint): string {
    const { timeZone } = this.#options
    return isoNanos(timeZone === undefined ? ns : ns + offsetAt(ns, timeZone))
  }

  #formatOf(value: CursorValue): TimeFormat | undefined {
    if (this.#kind?.name !== 'instant') return undefined
    return this.#kind.formats.find((format) => format.read(value, this.#options.timeZone) !== undefined)
  }

  #read(value: CursorValue): Comparable | undefined {
    if (this.#kind?.name === 'number') return sortableNumber(value)
    if (this.#kind?.name === 'text') return String(value)
    return this.#formatOf(value)?.read(value, this.#options.timeZone)
  }

  #comparable(value: CursorValue): Comparable | undefined {
    if (this.#memo.has(value)) return this.#memo.get(value)
    const { timeZone } = this.#options
    const own = this.#read(value)
    // An edge may be spelled in another way than the rows.
    const isTime = this.#kind?.name === 'instant'
    const known = own ?? (isTime ? (recognizeText(value) ?? recognizeNumber(value))?.read(value, timeZone) : undefined)
    const comparable = this.#kind?.name === 'text' && typeof known === 'string' ? utf8(known) : known
    if (this.#memo.size >= memoSize) this.#memo.clear()
    this.#memo.set(value, comparable)
    return comparable
  }

  #setKind(kind: Kind): void {
    this.#kind = kind
    this.#memo.clear()
    const { lookback, edges } = this.#options
    const counts = typeof lookback === 'object'
    const fits = kind.name === 'number' ? counts : kind.name === 'instant' && !counts
    if (lookback !== 0 && !fits) throw refuseLookback(this.#options, kind.name)
    for (const edge of edges) if (this.#comparable(edge) === undefined) throw refuseEdge(this.#options, edge, kind.name)
  }
}

/** The bytes of the text in UTF-8, each as a character: destinations compare these. */
const utf8 = (text: string): string => (/[\u0080-\uffff]/.test(text) ? Buffer.from(text).toString('latin1') : text)
