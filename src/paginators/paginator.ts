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
  /** The last row, parsed; undefined where the page has none. */
  lastRow(): unknown
}

/** Decides which requests make up one listing. Holds no state: the request itself says where the listing stands. */
export interface Paginator {
  first(request: ApiRequest): ApiRequest
  /** The request after `page`, or undefined at the end of the listing. */
  next(page: PageView): ApiRequest | undefined
  /**
   * Where the pages are independent of one another and `page` tells how many there are: every request after it, in
   * order, the first of them equal to `next(page)`. Undefined where that is not known.
   */
  rest?(page: PageView): readonly ApiRequest[] | undefined
}
