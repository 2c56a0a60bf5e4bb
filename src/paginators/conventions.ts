/** The names by which APIs commonly page; `detect.ts` looks for them. Dots lead from one object into the next. */

/** Where bodies hold the URL of the next page. */
export const linkPaths = [
  'next',
  'next.href',
  'links.next',
  'links.next.href',
  '_links.next',
  '_links.next.href',
  'paging.next',
  'paging.next.link',
  'paging.next_url',
  'pagination.next',
  'pagination.next_url',
  'pagination.next_link',
  'pagination.links.next',
  'pagination.next_page_url',
  'meta.next',
  'meta.next_url',
  'meta.next_page',
  'meta.links.next',
  'meta.pagination.links.next',
  'info.next',
  'next_url',
  'nextUrl',
  'next_link',
  'nextLink',
  'next_href',
  'next_page_url',
  'nextPageUrl',
  'next_page',
  'nextPage',
  'next_page.uri',
  'nextRecordsUrl',
  '@odata.nextLink',
  'odata.nextLink',
  '__next',
  'd.__next',
] as const

/** The same among links that each say what they lead to; the last three in feeds (RFC 4287 section 4.2.7, RFC 5005). */
export const listedLinks = [
  "$.links[?@.rel=='next'].href",
  "$.link[?@.relation=='next'].url",
  "$.links[?@.rel=='next'].uri",
  "$.feed.link[?@['@rel']=='next']['@href']",
  "$['atom:feed']['atom:link'][?@['@rel']=='next']['@href']",
  "$.rss.channel['atom:link'][?@['@rel']=='next']['@href']",
] as const

/** Where bodies hold a cursor, and the parameter that takes it; the first that is there counts. */
export const cursorPairs: readonly (readonly [path: string, param: string])[] = [
  ['paging.next.after', 'after'],
  ['next_cursor', 'cursor'],
  ['nextCursor', 'cursor'],
  ['meta.next_cursor', 'cursor'],
  ['meta.nextCursor', 'cursor'],
  ['pagination.next_cursor', 'cursor'],
  ['pagination.nextCursor', 'cursor'],
  ['paging.next_cursor', 'cursor'],
  ['response_metadata.next_cursor', 'cursor'],
  ['page_info.next_cursor', 'cursor'],
  ['next_page_token', 'page_token'],
  ['nextPageToken', 'pageToken'],
  ['pagination.next_page_token', 'page_token'],
  ['meta.next_page_token', 'page_token'],
  ['next_token', 'next_token'],
  ['nextToken', 'nextToken'],
  ['meta.next_token', 'pagination_token'],
  ['continuation_token', 'continuation_token'],
  ['continuationToken', 'continuationToken'],
  ['continuation', 'continuation'],
  ['after', 'after'],
  ['next_after', 'after'],
  ['pagination.after', 'after'],
  ['cursor', 'cursor'],
  ['pagination.cursor', 'cursor'],
  ['bookmark', 'bookmark'],
  ['next_marker', 'marker'],
  ['nextMarker', 'marker'],
  ['NextMarker', 'marker'],
  ['next_offset', 'offset'],
  ['nextOffset', 'offset'],
  ['meta.next_offset', 'offset'],
  ['pagination.next_offset', 'offset'],
  ['next_start', 'start'],
  ['pagination.next_start', 'start'],
  ['additional_data.pagination.next_start', 'start'],
  ['additional_data.next_cursor', 'cursor'],
]

/** Names of cursors that say by themselves, wherever they are, which parameter takes them. */
export const certainParams: ReadonlyMap<string, string> = new Map([
  ['next_cursor', 'cursor'],
  ['nextCursor', 'cursor'],
  ['next_page_token', 'page_token'],
  ['nextPageToken', 'pageToken'],
  ['continuation_token', 'continuation_token'],
  ['continuationToken', 'continuationToken'],
  ['next_marker', 'marker'],
  ['nextMarker', 'marker'],
  ['NextMarker', 'marker'],
  ['next_offset', 'offset'],
  ['nextOffset', 'offset'],
  ['next_start', 'start'],
  // Airtable's: an opaque text, which is sent back under its own name.
  ['offset', 'offset'],
])

/** A number here names the next page. */
export const nextPagePaths = [
  'next_page',
  'nextPage',
  'meta.next_page',
  'meta.nextPage',
  'pagination.next_page',
  'pagination.nextPage',
  'meta.pagination.next_page',
] as const

export const pageParams = [
  'page',
  'page_number',
  'pageNumber',
  'page_no',
  'pageNo',
  'pageno',
  'page[number]',
  'currentPage',
  'current_page',
  '_page',
  'pg',
  'p',
] as const

export const offsetParams = [
  'offset',
  'skip',
  '$skip',
  'startAt',
  'start_at',
  'startIndex',
  'start_index',
  'page[offset]',
  'start',
  '_start',
  'from',
] as const

export const sizeParams = [
  'per_page',
  'perPage',
  'page_size',
  'pageSize',
  'page[size]',
  'page[limit]',
  'limit',
  '_limit',
  'size',
  'maxResults',
  'max_results',
  'hitsPerPage',
  '$top',
  'top',
  'take',
  'pagelen',
  'results_per_page',
  'count',
  'rows',
  'rpp',
] as const

/** Objects in which bodies keep their paging members. */
export const envelopeNames = [
  '',
  'meta',
  'pagination',
  'paging',
  'page',
  'page_info',
  'pageInfo',
  'info',
  'meta.pagination',
  'meta.page',
  '_meta',
  'metadata',
  'paginator',
] as const

export const totalPagesNames = [
  'total_pages',
  'totalPages',
  'page_count',
  'pageCount',
  'nbPages',
  'last_page',
  'lastPage',
  'num_pages',
  'numPages',
  'pages',
] as const

export const totalNames = [
  'total',
  'total_count',
  'totalCount',
  'total_results',
  'totalResults',
  'total_items',
  'totalItems',
  'total_elements',
  'totalElements',
  'total_records',
  'totalRecords',
  'total_rows',
  'nbHits',
  'num_found',
  'numFound',
  'recordsTotal',
  '@odata.count',
  'count',
] as const

/** What bodies call the number of the page that they hold, in the order of trust. */
export const pageNames = ['page', 'current_page', 'currentPage', 'page_number', 'pageNumber', 'number'] as const

export const offsetNames = ['offset', 'skip', 'startAt', 'start_at', 'startIndex', 'start'] as const

export const sizeNames = [
  'per_page',
  'perPage',
  'page_size',
  'pageSize',
  'hitsPerPage',
  'limit',
  'size',
  'maxResults',
  'itemsPerPage',
] as const

export const hasMoreNames = [
  'has_more',
  'hasMore',
  'has_next',
  'hasNext',
  'has_next_page',
  'hasNextPage',
  'more_items_in_collection',
] as const

/** The sizes of full pages of which providers make no words. */
export const commonLimits: ReadonlySet<number> = new Set([100, 200, 250, 500, 1_000, 5_000, 10_000])
