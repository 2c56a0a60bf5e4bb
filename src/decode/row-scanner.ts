import { readFileSync } from 'node:fs'
import type { Shape } from '../schema/shape.ts'
import type { ColumnType } from '../schema/types.ts'
import { acquireBuffer } from '../base/buffers.ts'
import { blankMarkBehind, blankMarks } from './byte-order-marks.ts'
import { OversizedRow } from './oversized-row.ts'

/** The exports of scan.wasm; scan.as.ts says what each is. */
interface Exports {
  readonly memory: WebAssembly.Memory
  restart(): void
  scan(limit: number): number
  readonly [global: string]: unknown
}

type Global = WebAssembly.Global

/** As numbered in scan.as.ts; of the types that are left out no value is taken verbatim. */
const typeNumbers: Partial<Record<ColumnType, number>> = {
  integer: 0,
  number: 1,
  boolean: 2,
  string: 3,
  timestamp: 4,
  datetime: 5,
  date: 6,
  json: 7,
}
const otherType = 8
const wideFlag = 1 << 16

const [, ended, listsFull, malformed, notAnObject] = [0, 1, 2, -1, -2] as const

/** Past this size a body's bytes are scanned; less would only mean more calls. */
const scanSize = 1024 * 1024
const cursorRoom = 256
const listSize = 32_768
const padding = 16
const openBrace = 0x7b

/** Where a row lies among the lines of its page, and its cursor among the bytes of the row. */
export interface RowEntry {
  readonly line: number
  readonly cursor: number
  readonly cursorLength: number
}

/** What one call of the scanner found: whole rows, one a line. */
export interface ScannedRows {
  readonly lines: Uint8Array
  readonly count: number
  /** Pairs of offsets in `lines`. */
  readonly nonConforming: Uint32Array
  /** Triples: offset of the row in `lines`; of its cursor in the row (0 where it has none, or is odd); length of that. */
  readonly entries: Uint32Array
}

export interface ScanOptions {
  readonly lines: boolean
  readonly listing: boolean
  /** Bytes. A larger row is odd, and where it does not lie in one piece a placeholder (`oversizedBytes`) takes its place. */
  readonly maxRow?: number | undefined
}

export type ScanState = 'more' | 'ended' | 'malformed' | 'not an object'

let compiled: WebAssembly.Module | undefined
const idle: RowScanner[] = []

/** The scanner of one body at a time, over memory of its own. */
export class RowScanner {
  readonly #wasm: Exports
  #bytes: Uint8Array
  #input = 0
  #filled = 0
  #wanted = scanSize
  #shape: Shape | undefined
  #maxRow = Infinity
  /** The row that is passed over, as it is too large. */
  #oversized: OversizedRow | undefined

  private constructor() {
    compiled ??= new WebAssembly.Module(readFileSync(new URL('./scan.wasm', import.meta.url)))
    this.#wasm = new WebAssembly.Instance(compiled, { env: { abort: () => undefined } }).exports as unknown as Exports
    this.#bytes = new Uint8Array(this.#wasm.memory.buffer)
  }

  /** A scanner ready for a new body; `release` gives it back. */
  static acquire(shape: Shape, options: ScanOptions): RowScanner {
    const scanner = idle.pop() ?? new RowScanner()
    scanner.#start(shape, options)
    return scanner
  }

  /** Gives the scanner back; one that a huge row has made large is dropped, as memory never shrinks. */
  release(): void {
    if (this.#bytes.length <= 8 * scanSize && idle.length < 8) idle.push(this)
  }

  /** Goes on by another shape in the middle of a body. */
  reshape(shape: Shape): void {
    const tail = this.#bytes.slice(this.#pos, this.#filled)
    this.#writeShape(shape)
    this.#shape = shape
    this.#filled = this.#input
    this.#set('pos', this.#input)
    this.#append(tail)
  }

  /** Whether enough has come in to scan. */
  get ready(): boolean {
    return this.#filled - this.#pos >= this.#wanted
  }

  /** The highest cursor so far among the rows that are not odd, as text. */
  get highest(): string | undefined {
    const length = this.#get('maxLength')
    if (length === 0) return undefined
    const at = this.#get('maxAt')
    return Buffer.from(this.#bytes.buffer, at, length).toString()
  }

  /** The keys of integer columns whose rows that are not odd have integers beyond 2^53, of which a double holds only some. */
  get wide(): readonly string[] {
    const columns = this.#shape?.columns ?? []
    const table = new Int32Array(this.#bytes.buffer, this.#get('tableAt'), columns.length * 4)
    return columns.filter((_, index) => ((table[index * 4 + 2] ?? 0) & wideFlag) !== 0).map(({ key }) => key)
  }

  /** Takes the bytes that follow. */
  push(chunk: Uint8Array): void {
    const oversized = this.#oversized
    if (!oversized) return this.#append(chunk)
    const end = oversized.read(chunk)
    if (end < 0) return
    this.#oversized = undefined
    const rest = chunk.slice(end)
    this.#append(oversized.placeholder())
    this.#append(rest)
  }

  #append(chunk: Uint8Array): void {
    this.#reserve(this.#filled + chunk.length + padding)
    this.#bytes.set(chunk, this.#filled)
    this.#filled += chunk.length
  }

  /** Goes through what has come in and hands over the whole rows. At the end of the array `rest` has what lies behind it. */
  scan(take: (rows: ScannedRows) => void): ScanState {
    for (let marks = 0; ;) {
      this.#set('out', this.#input)
      this.#set('rows', 0)
      this.#set('odd', 0)
      const state = this.#wasm.scan(this.#filled)
      this.#hand(take)
      if (state === listsFull) continue
      if (state === ended) return 'ended'
      if (state === malformed || state === notAnObject) {
        const rest = Buffer.from(this.#bytes.buffer, this.#pos, this.#get('lines') === 0 ? 0 : this.#filled - this.#pos)
        const found = state === malformed ? blankMarkBehind(rest) : blankMarks(rest, marks++ === 0)
        if (found === 'whole') continue
        if (found === undefined) return state === malformed ? 'malformed' : 'not an object'
      }
      if (state !== listsFull) this.#keepTail()
      return 'more'
    }
  }

  /** The bytes not yet read; of a row that is passed over, its beginning. */
  rest(): Uint8Array {
    if (this.#oversized) return Buffer.from('{')
    return this.#bytes.slice(this.#pos, this.#filled)
  }

  get #pos(): number {
    return this.#get('pos')
  }

  #hand(take: (rows: ScannedRows) => void): void {
    const count = this.#get('rows')
    if (count === 0) return
    const [input, out] = [this.#input, this.#get('out')]
    const lines = acquireBuffer(out - input)
    lines.set(this.#bytes.subarray(input, out))
    const list = (at: number, length: number, step: number): Uint32Array =>
      new Uint32Array(this.#bytes.buffer, at, length).map((value, index) =>
        index % step === 0 || step === 1 ? value - input : value,
      )
    take({
      lines,
      count,
      nonConforming: list(this.#get('oddAt'), this.#get('odd') * 2, 1),
      entries: this.#get('listing') ? list(this.#get('listAt'), count * 3, 3) : new Uint32Array(0),
    })
  }

  /** A row that is not all there moves to the front. It is looked at again only once twice as much has come, so that a huge row is not read over and over. */
  #keepTail(): void {
    const tail = this.#filled - this.#pos
    this.#bytes.copyWithin(this.#input, this.#pos, this.#filled)
    this.#filled = this.#input + tail
    this.#set('pos', this.#input)
    // No more of it is held than it takes to see that it is too large.
    this.#wanted = Math.max(scanSize, Math.min(2 * tail, this.#maxRow + scanSize))
    if (tail > this.#maxRow) this.#passOver()
  }

  /** Goes on without the row that the bytes end with, where that is too large already. */
  #passOver(): void {
    const tail = this.#bytes.subarray(this.#input, this.#filled)
    const start = tail.indexOf(openBrace)
    if (start < 0 || tail.length - start <= this.#maxRow) return
    this.#filled = this.#input + start
    this.#wanted = scanSize
    this.#oversized = new OversizedRow()
    this.push(tail.subarray(start))
  }

  #start(shape: Shape, { lines, listing, maxRow = Infinity }: ScanOptions): void {
    if (shape !== this.#shape) this.#writeShape(shape)
    this.#shape = shape
    this.#filled = this.#input
    this.#wanted = scanSize
    this.#set('pos', this.#input)
    this.#oversized = undefined
    this.#maxRow = maxRow
    this.#set('maxRow', Math.min(maxRow, 0x7fff_ffff))
    this.#set('lines', lines ? 1 : 0)
    this.#set('listing', listing ? 1 : 0)
    this.#wasm.restart()
  }

  #writeShape(shape: Shape): void {
    const count = shape.columns.length
    const keys = shape.columns.map(({ key }) => Buffer.from(JSON.stringify(key)))
    const slots = 2 ** Math.ceil(Math.log2(count * 2 + 2))
    const maxAt = 512
    const tableAt = maxAt + cursorRoom
    const hashAt = tableAt + count * 16
    const keysAt = hashAt + slots * 4
    const oddAt = align(keysAt + keys.reduce((sum, key) => sum + key.length, 0) + padding)
    const listAt = oddAt + listSize * 8
    this.#input = align(listAt + listSize * 12)
    this.#reserve(this.#input + scanSize + padding)

    const table = new Int32Array(this.#bytes.buffer, tableAt, count * 4)
    const hash = new Int32Array(this.#bytes.buffer, hashAt, slots).fill(-1)
    let at = keysAt
    shape.columns.forEach((column, index) => {
      const key = keys[index] as Buffer
      this.#bytes.set(key, at)
      const flags = (column.required ? 1 : 0) | (column.cursor ? 2 : 0)
      table.set([at, key.length, (typeNumbers[column.type] ?? otherType) | (flags << 8), 0], index * 4)
      let slot = fnv1a(key) & (slots - 1)
      while (hash[slot] !== -1) slot = (slot + 1) & (slots - 1)
      hash[slot] = index
      at += key.length
    })
    this.#set('tableAt', tableAt)
    this.#set('columns', count)
    this.#set('hashAt', hashAt)
    this.#set('hashMask', slots - 1)
    this.#set('requiredCount', shape.columns.filter(({ required }) => required).length)
    this.#set('maxAt', maxAt)
    this.#set('oddAt', oddAt)
    this.#set('listAt', listAt)
    this.#set('listSize', listSize)
  }

  #reserve(size: number): void {
    const { memory } = this.#wasm
    if (memory.buffer.byteLength < size) {
      memory.grow(Math.ceil((Math.max(size, memory.buffer.byteLength * 1.5) - memory.buffer.byteLength) / 65_536))
    }
    if (this.#bytes.buffer !== memory.buffer) this.#bytes = new Uint8Array(memory.buffer)
  }

  #get(name: string): number {
    return (this.#wasm[name] as Global).value >>> 0
  }

  #set(name: string, value: number): void {
    ;(this.#wasm[name] as Global).value = value
  }
}

const align = (address: number): number => (address + 15) & ~15

/** FNV-1a, 32 bit: the same function as `lookUp` in scan-columns.as.ts. */
function fnv1a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash
}
