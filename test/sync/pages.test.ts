import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RowCollector } from '../../src/decode/page-rows.ts'
import type { ApiRequest, ApiResponse } from '../../src/http/send.ts'
import { type Listing, readPages } from '../../src/sync/pages.ts'

const request = (page: number): ApiRequest => ({ method: 'GET', url: `https://a.example/?page=${page}`, headers: {} })
const pageOf = ({ url }: ApiRequest): number => Number(new URL(url).searchParams.get('page'))

async function readAll(listing: Partial<Listing>, rowOf: (page: number) => string) {
  let open = 0
  const send = async (asked: ApiRequest): Promise<ApiResponse> => {
    const collected = new RowCollector()
    await collected.addText(rowOf(pageOf(asked)))
    const rows = collected.finish()
    open++
    const counted = { ...rows, [Symbol.asyncDispose]: async () => (open--, rows[Symbol.asyncDispose]()) }
    return { status: 200, headers: {}, url: asked.url, body: { envelope: null, bytes: 0, rows: counted } }
  }
  const pages = readPages(
    {
      start: request(1),
      paginator: { first: (asked) => asked, next: (page) => request(pageOf(page.request) + 1) },
      maxPages: 10,
      before: { pages: 0, rows: 0 },
      ignore: [],
      replaces: false,
      keyed: true,
      mayRestart: true,
      mayRepeat: undefined,
      isNumbered: true,
      warn: () => undefined,
      markBefore: '',
      describe: ({ url }) => url,
      ...listing,
    },
    { send, concurrency: 3, signal: new AbortController().signal, now: Date.now },
  )
  let code: unknown
  try {
    for await (const { page } of pages) await page.body.rows[Symbol.asyncDispose]()
  } catch (thrown) {
    code = (thrown as { code?: unknown }).code
  }
  return { open, code }
}

test('no page is left lying about: read to the end, repeated, asked for twice, or refused by the paginator', async () => {
  assert.deepEqual(await readAll({}, (page) => `{"id":${page}}`), { open: 0, code: undefined })
  assert.deepEqual(await readAll({}, (page) => `{"id":${Math.min(page, 3)}}`), { open: 0, code: 'PAGE_REPEATED' })
  const first = (asked: ApiRequest): ApiRequest => asked
  const circle = { first, next: () => request(1) }
  assert.deepEqual(await readAll({ paginator: circle }, (page) => `{"id":${page}}`), { open: 0, code: 'PAGE_REPEATED' })
  const refuse = () => {
    throw Object.assign(new Error('no cursor'), { code: 'RESPONSE_INVALID' })
  }
  assert.deepEqual(await readAll({ paginator: { first, next: refuse } }, () => '{}'), {
    open: 0,
    code: 'RESPONSE_INVALID',
  })
})
