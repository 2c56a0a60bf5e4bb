import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base, get, paginate, rowsFrom, view } from './listing.ts'

const link = { headers: { link: '<?page=2>; rel=next' }, rows: rowsFrom(0, 5) }
const configs = [
  { type: 'page_number' },
  { type: 'offset', limit: 5 },
  { type: 'cursor', path: '$.next', param: 'cursor' },
  { type: 'link_body', path: '$.link' },
  { type: 'link_header' },
  { type: 'keyset', field: 'id', param: 'after' },
]
const page = (body: object, rows = rowsFrom(0, 5)) =>
  view(get('page=1&limit=5'), { ...link, rows, body: { next: 'c', link: '/n', ...body } })

for (const config of configs) {
  test(`${config.type}: has_more and stop.when end the listing, in any of the usual spellings`, () => {
    assert.ok(paginate(config).next(page({})))
    for (const no of [false, 'False', 'no', 'N', 0, '0']) {
      const flagged = paginate({ ...config, has_more: '$.more' })
      assert.deepEqual(flagged.end(page({ more: no })), { end: 'said' }, String(no))
      assert.ok(paginate(config, { when: '$.end_of_stream' }).next(page({ end_of_stream: no })))
    }
    assert.deepEqual(paginate(config, { when: '$.end' }).end(page({ end: 'True' })), { end: 'said' })
    assert.ok(paginate({ ...config, has_more: '$.more' }).next(page({ more: 'Y' })))
    assert.throws(() => paginate({ ...config, has_more: '$.more' }).next(page({ more: 'perhaps' })), {
      code: 'RESPONSE_INVALID',
      message: /\$\.more holds "perhaps"/,
    })
  })

  test(`${config.type}: a flag may be in a header`, () => {
    const paginator = paginate({ ...config, has_more: 'header:X-More' })
    assert.deepEqual(paginator.end(view(base, { ...link, headers: { 'x-more': 'false' } })), { end: 'said' })
  })

  test(`${config.type}: a page that is shorter than stop.short_page says ends the listing`, () => {
    const paginator = paginate(config, { short_page: 5 })
    assert.ok(paginator.next(page({})))
    assert.deepEqual(paginator.end(page({}, rowsFrom(0, 4))), { end: 'short_page' })
  })

  test(`${config.type}: an empty page ends the listing where the connector says so`, () => {
    assert.deepEqual(paginate(config, { empty_page: true }).end(page({}, [])), { end: 'empty_page' })
  })
}

test('totals and cursors may be in headers', () => {
  const headers = { 'x-wp-totalpages': '2', 'x-next': 'c2' }
  const numbered = paginate({ type: 'page_number', total_pages: 'header:X-WP-TotalPages' })
  assert.equal(numbered.next(view(get('page=1'), { headers, rows: rowsFrom(0, 5) }))?.url, get('page=2').url)
  assert.deepEqual(numbered.end(view(get('page=2'), { headers, rows: rowsFrom(0, 5) })), { end: 'total' })
  const cursor = paginate({ type: 'cursor', path: 'header:X-Next', param: 'c' })
  assert.equal(cursor.next(view(base, { headers }))?.url, get('c=c2').url)
})

test('a cursor may be a member of the last row, which is cut out of the answer', () => {
  const paginator = paginate({ type: 'cursor', path: '$.data[-1].id', param: 'after' })
  const last = { ...view(base, { rows: rowsFrom(0, 5), body: { data: [] } }), rowsAt: ['data'] }
  assert.equal(paginator.next(last)?.url, get('after=4').url)
  assert.equal(paginator.next({ ...last, rowCount: 0, lastRow: () => undefined }), undefined)
})
