import type { Row } from './provider.ts'

export type PageStyle = 'page_number' | 'offset' | 'cursor' | 'link_header' | 'link_body' | 'keyset'

/** The rows of one page, and where it lies in its listing. */
export interface PageWindow {
  readonly rows: readonly Row[]
  /** From 1. */
  readonly page: number
  /** Index of its first row in the listing. */
  readonly from: number
  readonly total: number
  readonly last: boolean
}

export interface Search {
  readonly style: PageStyle
  readonly query: URLSearchParams
  readonly rows: readonly Row[]
  readonly pageSize: number
}

/** Which rows a request asks for. */
export function findWindow({ style, query, rows, pageSize }: Search): PageWindow {
  const from = findStart({ style, query, rows, pageSize })
  const found = rows.slice(from, from + pageSize)
  return {
    rows: found,
    page: Math.floor(from / pageSize) + 1,
    from,
    total: rows.length,
    last: from + pageSize >= rows.length,
  }
}

function findStart({ style, query, rows, pageSize }: Search): number {
  switch (style) {
    case 'page_number':
    case 'link_header':
    case 'link_body':
      return (Number(query.get('page') ?? 1) - 1) * pageSize
    case 'offset':
      return Number(query.get('offset') ?? 0)
    case 'cursor':
      return Number((query.get('cursor') ?? 'at-0').slice('at-'.length))
    case 'keyset': {
      const after = Number(query.get('after') ?? 0)
      const at = rows.findIndex((row) => Number(row['id']) > after)
      return at < 0 ? rows.length : at
    }
  }
}

export interface Serving {
  readonly style: PageStyle
  readonly url: URL
  readonly window: PageWindow
}

/** The body and headers of a page: `{"data": [...], "total": n}` and what its style adds. */
export function formatPage({ style, url, window }: Serving): { body: Buffer; headers: Record<string, string> } {
  const { rows, from, total, last, page } = window
  const next = new URL(url)
  next.searchParams.set('page', String(page + 1))
  const more = !last
  const body = {
    data: rows,
    total,
    ...(style === 'cursor' && { next_cursor: more ? `at-${from + rows.length}` : null }),
    ...(style === 'link_body' && { next: more ? `${next.pathname}${next.search}` : null }),
  }
  return {
    body: Buffer.from(JSON.stringify(body)),
    headers: {
      'content-type': 'application/json',
      ...(style === 'link_header' && more && { link: `<${next.pathname}${next.search}>; rel="next"` }),
    },
  }
}
