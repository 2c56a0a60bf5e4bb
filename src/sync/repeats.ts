import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { PageBody, PageRows } from '../decode/page-decoder.ts'
import { SyncError } from '../base/errors.ts'
import type { ApiRequest } from '../http/send.ts'
import type { PageStep } from './pages.ts'
import { readLines } from './rows.ts'

/** So often may the same request be asked, and so many pages in a row may be empty or alike: no listing runs for ever. */
const most = 10_000

/** So many pages with the same rows are kept back, where nothing but another page can show that the listing goes on. */
const mostHeld = 20

/** Tells a listing that makes progress from one that goes in a circle. */
export class Repeats {
  /** By request: the mark of the rows that it brought last. */
  readonly #asked = new Map<string, string>()
  #mark: string
  #again = 0
  #empty = 0
  #alike = 0

  /** `mark` is that of the page before the first one. */
  constructor(mark: string) {
    this.#mark = mark
  }

  /** Whether the listing has asked for this before. */
  knows(request: ApiRequest): boolean {
    return this.#asked.has(hashOf(request))
  }

  /**
   * Takes the next page. True where its rows are those of the page before: the provider may ignore the paging parameter,
   * or the rows have nothing that tells them apart. Throws `PAGE_REPEATED` where the same request brings the same rows,
   * or nothing new comes of very many; `describe` names the request. A scroll, whose requests are all the same, is no circle.
   */
  add(request: ApiRequest, mark: string, describe: (request: ApiRequest) => string): boolean {
    const hash = hashOf(request)
    const before = this.#asked.get(hash)
    this.#asked.set(hash, mark)
    this.#empty = mark === '' ? this.#empty + 1 : 0
    if (before !== undefined && (before === mark || ++this.#again > most))
      throw repeated(`${describe(request)} was asked for before in this listing, and brought the same rows`)
    if (this.#empty > most) throw repeated(`${describe(request)} is the last of ${most} pages without a row`)
    const isSame = mark !== '' && mark === this.#mark
    this.#alike = isSame ? this.#alike + 1 : 0
    if (this.#alike > most) throw repeated(`${describe(request)} is the last of ${most} pages with the same rows`)
    this.#mark = mark
    return isSame
  }
}

export const repeated = (what: string): SyncError =>
  new SyncError('PAGE_REPEATED', `${what}; look at the paginator of this stream`)

const hashOf = (request: ApiRequest): string => createHash('sha1').update(requestKey(request)).digest('base64')

/** The same text for the same request. */
export const requestKey = ({ method, url, body = '', headers }: ApiRequest): string =>
  JSON.stringify([method, url, body, headers])

/**
 * The same text for two pages only if their rows are the same, byte for byte; empty for a page without rows. Size, checksum,
 * and the first and last bytes as they are: two pages that agree in all of them are the same page.
 */
export async function markRows({ rows: { count, lines }, sent }: PageBody): Promise<string> {
  if (sent) return sent.count === 0 ? '' : createHash('sha1').update(sent.text).digest('base64')
  if (count === 0) return ''
  const hash = createHash('sha1')
  let sum = 0
  let last = Buffer.alloc(0)
  for await (const chunk of lines.read()) {
    if (sum === 0) hash.update(chunk.subarray(0, 512))
    sum = crc32(chunk, sum)
    last = Buffer.from(chunk.subarray(-512))
  }
  return hash.update(last).update(`${lines.size} ${sum}`).digest('base64')
}

export interface Alike {
  /** The page has the rows of the one before it. */
  readonly isSame: boolean
  readonly isLast: boolean
  /** The provider itself says that the page is another one. */
  readonly goesOn: boolean
  /** The pages before it that are kept back, each with the rows of the one before. */
  readonly held: readonly PageStep[]
  /** The rows have a primary key. */
  readonly keyed: boolean
}

/**
 * Whether a page shows that the provider ignores what it is asked for: rows that can be told apart come again, or a page
 * comes so often that nothing else is likely.
 */
export async function isCircle(rows: PageRows, { isSame, isLast, goesOn, held, keyed }: Alike): Promise<boolean> {
  const [first] = held
  if (!isSame) return first !== undefined && (await allDiffer(first.page.body.rows))
  if (keyed || (!goesOn && held.length >= mostHeld)) return true
  return (first !== undefined || isLast) && (await allDiffer(rows))
}

/** Whether each row of a page can be told from all others. */
async function allDiffer(rows: PageRows): Promise<boolean> {
  const lines = new Set<string>()
  for await (const line of readLines(rows)) if (line !== '') lines.add(line)
  return rows.count > 1 && lines.size === rows.count
}
