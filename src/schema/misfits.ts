import type { Spool } from '../base/spool.ts'
import { formatNames } from '../syntax/moments/formats.ts'
import { shapeOf, suggestPatterns } from '../syntax/moments/shape.ts'
import type { SchemaOptions } from './placed.ts'
import type { ColumnType } from './types.ts'
import { type Member, stringValue } from './value.ts'
import { oneLine } from '../base/words/line.ts'

interface Misfit {
  readonly type: ColumnType
  /** Of the first one. */
  readonly shape: string
  count: number
}

/** Counts the values that do not fit the declared types of their columns, and warns once of a column that most do not fit. */
export class Misfits {
  readonly #options: Pick<SchemaOptions, 'where' | 'warn'>
  /** By key, of the page at hand. */
  #page = new Map<string, Misfit>()
  /** By key, of the pages before: how many values did not fit, and how many rows had none. */
  readonly #before = new Map<string, { count: number; absent: number }>()
  readonly #told = new Set<string>()
  #rows = 0

  constructor(options: Pick<SchemaOptions, 'where' | 'warn'>) {
    this.#options = options
  }

  /** Begins a page, or begins it again. */
  open(): void {
    if (this.#page.size > 0) this.#page = new Map()
  }

  add({ key, text }: Member, type: ColumnType): void {
    const known = this.#page.get(key)
    if (known) known.count++
    else this.#page.set(key, { type, shape: shapeOf(text.startsWith('"') ? stringValue(text) : text), count: 1 })
  }

  /** Ends a page, whose rows as they came (NDJSON) are in `lines`. */
  async close({ count, lines }: { readonly count: number; readonly lines: Spool }): Promise<void> {
    this.#rows += count
    for (const [key, { type, shape, count: misfits }] of this.#page) {
      if (this.#told.has(key)) continue
      const before = this.#before.get(key) ?? { count: 0, absent: 0 }
      const total = { count: before.count + misfits, absent: before.absent + count - (await countValues(lines, key)) }
      this.#before.set(key, total)
      const values = this.#rows - total.absent
      if (total.count * 2 <= values) continue
      this.#told.add(key)
      this.#options.warn?.(
        'TYPE_MISFIT',
        `${this.#options.where}: ${total.count} of ${values} values of ${oneLine(key, 100)} do not fit its declared type ${type}, and are stored in another column beside it or left out, as schema says; the first looks like ${shape} (digits as 9, letters as A): ${remedy(key, type, shape)}.`,
      )
    }
  }
}

function remedy(key: string, type: ColumnType, shape: string): string {
  if (type !== 'timestamp' && type !== 'datetime' && type !== 'date') return 'declare the type that the values have'
  const [pattern] = suggestPatterns(shape)
  const known = `one of ${formatNames.join(', ')}, or a pattern of strftime`
  const line = `columns: {${key}: {type: ${type}, format: ${pattern === undefined ? '...' : `"${pattern}"`}}}`
  return `declare how they are spelled, ${line} (${known}), or declare type: string`
}

/** How many rows have something else than null under a key; one of the same name further inside counts too. */
async function countValues(lines: Spool, key: string): Promise<number> {
  const quoted = Buffer.from(JSON.stringify(key))
  let found = 0
  // Chunks may end inside a row: a count that is short by one in a chunk does no harm.
  for await (const chunk of lines.read()) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    for (let at = bytes.indexOf(quoted); at >= 0; at = bytes.indexOf(quoted, at + 1)) {
      const end = at + quoted.length
      if (/^\s*:\s*(?!\s|null)/.test(bytes.toString('latin1', end, end + 32))) found++
    }
  }
  return found
}
