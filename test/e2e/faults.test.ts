import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ErrorCode } from '../../src/base/errors.ts'
import * as faults from '../support/faults.ts'
import { findLeaks, readTree } from '../support/leaks.ts'
import { type Fault, makeRows, type Provider, startProvider, startStranger } from '../support/provider.ts'
import type { PageStyle } from '../support/pages.ts'
import { connectorText, createWorkspace, type Workspace } from '../support/workspace.ts'

// Each test: a good run, then more rows and a fault on the way to them, then the fault is gone. Whatever happens, the
// rows that were there stay, the error is named, nothing secret is said, and the last run makes it good.

const token = 'canary/Wd9+fQ~7x=Lk"2rT'
const auth = ['auth: { type: bearer, token: "env:API_TOKEN" }']
const style = (text: PageStyle) => (text === 'link_body' ? '{ type: link_body, path: $.next }' : `{ type: ${text} }`)

interface Trial {
  readonly fault: Fault
  /** From which request of the run on; the second by default. */
  readonly from?: number
  /** For how many requests; for ever by default. */
  readonly times?: number
  readonly style?: PageStyle
  readonly code?: ErrorCode | readonly ErrorCode[]
  readonly rejected?: number
  readonly stranger?: Provider
}

async function suffer(trial: Trial): Promise<void> {
  const { fault, from = 1, times = Infinity, style: paging = 'page_number', code, rejected = 0 } = trial
  await using provider = await startProvider({ rows: makeRows(30), pageSize: 10, style: paging, token })
  using space = createWorkspace({ API_TOKEN: token })
  space.writeConnector(connectorText(provider.url, { more: auth, stream: [`paginator: ${style(paging)}`] }))
  const good = await space.run()
  assert.equal(good.code, 0, good.stderr)
  assert.deepEqual(await space.count(), { rows: 30, ids: 30, sum: 465 })

  provider.setRows(makeRows(60))
  provider.setFault(({ at }) => (at >= from && at < from + times ? fault : undefined))
  const bad = await space.run('--log-level', 'trace')
  if (code === undefined) {
    assert.equal(bad.code, 0, bad.stderr)
    assert.equal(bad.stream.rejected, rejected)
  } else {
    assert.ok([code].flat().includes(bad.error?.code as ErrorCode), JSON.stringify(bad.error))
    assert.equal(bad.code, 1)
    assert.match(bad.error?.message ?? '', /^\S[^\n]{10,600}$/, 'not a sentence on one line')
  }
  await assertIntact(space)
  assertNoLeak(space, `${bad.stdout}${bad.stderr}`)
  if (trial.stranger) assert.deepEqual(trial.stranger.received, [], 'the stranger was called')

  if (code !== undefined) {
    const plain = await space.start().result
    assert.equal(plain.code, 1)
    // A page that is not the first gets further advice, and the second run starts again from the first.
    const words = (text: string) => text.replace(/\d+/g, 'N').replace(/; if this page is behind the last one.*$/m, '.')
    assert.ok(words(plain.stderr).includes(words(bad.error?.message ?? '?')), `not said: ${plain.stderr}`)
    assert.doesNotMatch(plain.stderr, /^\s+at .*:\d+:\d+\)?$/m, 'a stack trace')
    assertNoLeak(space, `${plain.stdout}${plain.stderr}`)
  }
  provider.setFault()
  const healed = await space.run()
  assert.equal(healed.code, 0, healed.stderr)
  if (rejected === 0) assert.deepEqual(await space.count(), { rows: 60, ids: 60, sum: 1830 })
}

async function assertIntact(space: Workspace): Promise<void> {
  const { rows, ids } = await space.count()
  assert.equal(rows, ids, 'a row is there twice')
  const [kept] = await space.query('SELECT count(*) AS n FROM api.rows WHERE id <= 30')
  assert.equal(Number(kept?.['n']), 30, 'an earlier row is gone')
}

function assertNoLeak({ dir }: Workspace, output: string): void {
  assert.deepEqual(findLeaks(token, output), [], `a secret in the output: ${output}`)
  for (const { path, bytes } of readTree(dir)) assert.deepEqual(findLeaks(token, bytes), [], `a secret in ${path}`)
}

suite('a provider that', { concurrency: 2 }, () => {
  const firstPage: Fault = ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data: makeRows(10, 30) }))
  }
  test('repeats a page for ever stops with PAGE_REPEATED', () =>
    suffer({ fault: firstPage, from: 0, code: 'PAGE_REPEATED' }))

  test('links back to a page it has served stops with PAGE_REPEATED', () =>
    suffer({ fault: faults.linkTo('/rows?page=2'), from: 1, style: 'link_body', code: 'PAGE_REPEATED' }))

  for (const paging of ['link_body', 'link_header'] as const) {
    test(`links to a foreign origin in ${paging} stops with ORIGIN_REFUSED, and nothing is sent there`, async () => {
      await using stranger = await startStranger()
      await suffer({
        fault: faults.linkTo(`${stranger.url}/rows?page=2`),
        from: 0,
        style: paging,
        code: 'ORIGIN_REFUSED',
        stranger,
      })
    })
  }

  for (const code of [301, 302, 303, 307, 308]) {
    test(`redirects to a foreign origin with ${code} stops with ORIGIN_REFUSED, and nothing is sent there`, async () => {
      await using stranger = await startStranger()
      await suffer({ fault: faults.redirect(`${stranger.url}/rows`, code), code: 'ORIGIN_REFUSED', stranger })
    })
  }

  test('redirects in a circle stops', () =>
    suffer({
      fault: faults.redirect('/rows?page=2'),
      code: ['API_REFUSED', 'API_UNAVAILABLE', 'RESPONSE_INVALID', 'PAGE_REPEATED'],
    }))

  test('answers HTML with 200 stops with RESPONSE_INVALID', () =>
    suffer({ fault: faults.html, code: 'RESPONSE_INVALID' }))

  test('cuts the connection once is asked again', () => suffer({ fault: faults.cutConnection, times: 1 }))
  test('cuts every connection stops with API_UNAVAILABLE', () =>
    suffer({ fault: faults.cutConnection, code: 'API_UNAVAILABLE' }))
  test('cuts its JSON stops with RESPONSE_INVALID', () => suffer({ fault: faults.cutJson, code: 'RESPONSE_INVALID' }))
  test('stops in the middle of a body stops with REQUEST_TIMEOUT', () =>
    suffer({ fault: faults.stall, code: 'REQUEST_TIMEOUT' }))
  test('never answers stops with REQUEST_TIMEOUT', () => suffer({ fault: faults.silence, code: 'REQUEST_TIMEOUT' }))
  test('never ends a body stops with REQUEST_TIMEOUT or RESPONSE_TOO_LARGE', () =>
    suffer({ fault: faults.flood, code: ['REQUEST_TIMEOUT', 'RESPONSE_TOO_LARGE'] }))

  test('sends invalid UTF-8 in a row has that row refused and all others kept', () =>
    suffer({ fault: faults.row(4, faults.notUtf8(45)), from: 1, times: 1, rejected: 1 }))
  test('nests a row 100,000 levels deep has that row refused and all others kept', () =>
    suffer({ fault: faults.row(4, faults.nested(45, 100_000)), from: 1, times: 1, rejected: 1 }))
  test('sends a row that is no object stops with RESPONSE_INVALID', () =>
    suffer({ fault: faults.row(4, '"row"'), from: 1, code: 'RESPONSE_INVALID' }))

  test('answers data: null has no rows and the run is complete', () =>
    suffer({ fault: faults.body('{"data":null}'), from: 0 }))
  test('answers an empty body with 200 stops with RESPONSE_INVALID', () =>
    suffer({ fault: faults.body(''), code: 'RESPONSE_INVALID' }))
  test('says gzip and sends what is neither stops', () =>
    suffer({
      fault: faults.body('\u0001\u0002\u0003', { 'content-encoding': 'gzip' }),
      code: ['RESPONSE_INVALID', 'API_UNAVAILABLE'],
    }))

  test('answers 500 once is asked again', () => suffer({ fault: faults.status(500), times: 1 }))
  test('answers 500 for ever stops with API_UNAVAILABLE', () =>
    suffer({ fault: faults.status(500), code: 'API_UNAVAILABLE' }))
  test('answers 401 for ever stops with AUTH_REJECTED', () =>
    suffer({ fault: faults.status(401), code: 'AUTH_REJECTED' }))
  test('answers 403 stops with API_REFUSED', () => suffer({ fault: faults.status(403), code: 'API_REFUSED' }))
  test('answers 404 stops with API_REFUSED', () => suffer({ fault: faults.status(404), code: 'API_REFUSED' }))
  test('answers 429 for ever stops with RATE_LIMITED', () =>
    suffer({ fault: faults.status(429), code: 'RATE_LIMITED' }))

  const date = (ms: number) => new Date(Date.now() + ms).toUTCString()
  const waits = {
    '0': '0',
    '1': '1',
    'a date soon': date(1_500),
    'a date past': date(-60_000),
    garbage: 'soon',
    nothing: '',
    negative: '-5',
    fraction: '0.5',
  }
  for (const [what, value] of Object.entries(waits)) {
    test(`answers 429 once with Retry-After ${what} is asked again`, () =>
      suffer({ fault: faults.status(429, value === '' ? {} : { 'retry-after': value }), times: 1 }))
  }
  for (const [what, value] of Object.entries({ 'of a day': '86400', 'of a date tomorrow': date(86_400_000) })) {
    test(`answers 429 with a Retry-After ${what} stops with RATE_LIMITED instead of waiting`, () =>
      suffer({ fault: faults.status(429, { 'retry-after': value }), code: 'RATE_LIMITED' }))
  }
})
