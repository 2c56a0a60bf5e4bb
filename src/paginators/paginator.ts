import type { z } from 'zod'
import type { Found } from './auto.ts'
import type { Detected } from './detect.ts'
import type { Sign } from './evidence.ts'
import type { StopRules } from './fields.ts'
import type { ApiRequest, ResponseHeaders } from '../http/send.ts'

/** What a paginator may look at. */
export interface PageView {
  /** The request that was asked for (not the one after redirects): resuming must find it again. */
  readonly request: ApiRequest
  /** The URL that answered; relative links resolve against it (RFC 3986 section 5.1.3). */
  readonly url: string
  readonly headers: ResponseHeaders
  /** The parsed body, the rows array emptied where the rows were cut out of it. */
  readonly envelope: unknown
  readonly rowCount: number
  /** The member names that lead to the rows inside of the envelope; undefined where they are in several places. */
  readonly rowsAt?: readonly string[] | undefined
  /** The last row, parsed; undefined where the page has none. */
  lastRow(): unknown
}

/** Why a listing ends with a page. */
export interface End {
  readonly end:
    | 'said' /** The provider says that this is the last page. */
    | 'no_next' /** There is no link or cursor to a next page. */
    | 'empty_page'
    | 'short_page'
    | 'total' /** The rows or pages that the provider counts are all read. */
    | 'one_request' /** The connector asks for one page only. */
    | 'nothing_found' /** `auto` finds nothing to go on by. */
    | 'max_pages'
    | 'ignored' /** An `errors:` rule ignores the status of the answer. */
  /** Where the next page was looked for; set if nothing at all is there, not even null. */
  readonly missing?: string
  /** Lines of the connector file that may lead on, for messages. */
  readonly suggestions?: readonly string[]
}

export const isEnd = (next: ApiRequest | End): next is End => 'end' in next

/** Decides which requests make up one listing. Holds no state: the request itself says where the listing stands. */
export interface Paginator {
  first(request: ApiRequest): ApiRequest
  /** The request after `page`, or why there is none. */
  next(page: PageView): ApiRequest | End
  /** What the answer says of the listing's length, in the places that the connector declares. */
  declared?(page: PageView): readonly Sign[]
  /**
   * Where the pages are independent of one another and `page` tells how many there are: every request after it, in
   * order, the first of them equal to `next(page)`. Undefined where that is not known.
   */
  rest?(page: PageView): readonly ApiRequest[] | undefined
}

export interface PaginatorOptions {
  readonly stop: StopRules
  /** Told once what `auto` goes by. */
  readonly found?: ((config: Found) => void) | undefined
  /** Makes the paginator that `auto` has found. */
  readonly createDetected: (config: Detected) => Paginator
}

/** The keys of a paginator in a connector file, `type` among them. */
export type PaginatorKeys = z.ZodObject<{ readonly type: z.ZodLiteral<string> }>

/** All that the rest of the program knows of a way to page. */
export interface PaginatorMethod<Config extends PaginatorKeys = PaginatorKeys> {
  readonly config: Config
  /** It goes on by the rows of a page, and looks at `stop` itself: an empty page mostly is the end. */
  readonly isByRows?: true
  /** Whether `stop.short_page: true` may be said, as the size of a full page is known (or nothing is measured); it may not where absent. */
  isSized?(config: z.output<Config>): boolean
  /** Whether what the answers say ends a listing, regardless of the stop rules; it does where absent. */
  ends?(config: z.output<Config>): boolean
  create(config: z.output<Config>, options: PaginatorOptions): Paginator
}

/** Identity at run time; ties the types of the functions to the paginator's own config schema. */
export function definePaginator<const Config extends PaginatorKeys>(
  method: PaginatorMethod<Config>,
): PaginatorMethod<Config> {
  return method
}
