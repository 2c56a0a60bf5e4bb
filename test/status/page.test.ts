import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { type PageOptions, renderRunPage, renderStatusPage } from '../../src/status/index.ts'
import { advice } from '../../src/status/advice.ts'
import { states } from '../../src/status/status-report.ts'
import { stateNames } from '../../src/status/state.ts'
import { streamRecord } from '../../src/destinations/run-record.ts'
import { connectorOf, largeReport } from './page-fixtures.ts'
import { runRecordOf, streamRecordOf } from './support.ts'

const options: PageOptions = { now: Date.parse('2026-11-20T14:00:00Z'), csrf: 'token', mayRun: true }

suite('the status page', () => {
  test('every page is below 100 kB, whatever there is to show', () => {
    const few = largeReport(12, 5)
    const wide = largeReport(1, 1_000)
    const many = largeReport(1_000, 1)
    const both = largeReport(50, 20)
    const pages = [
      ...[few, wide, many, both].map((report) => renderStatusPage(report, options)),
      ...[1, 2, 20].map((part) => renderStatusPage(wide, { ...options, connector: 'connector-0', part })),
      renderRunPage(wide.connectors[0]?.runs[0] ?? runRecordOf(), options),
    ]
    for (const { html } of pages) assert.ok(Buffer.byteLength(html) < 100_000, `${Buffer.byteLength(html)} bytes`)
  })

  test('each of a thousand streams is on some part of its page, and each of a thousand connectors too', () => {
    const wide = largeReport(1, 1_000)
    const part = (at: number) => renderStatusPage(wide, { ...options, connector: 'connector-0', part: at }).html
    const text = Array.from({ length: 20 }, (_, at) => part(at + 1)).join('')
    for (let at = 0; at < 1_000; at++) assert.ok(text.includes(`>stream_number_${at}<`))
    assert.match(part(1), /rel="next" href="\/\?connector=connector-0&amp;part=2"/)
    assert.doesNotMatch(part(20), /rel="next"/)
    const many = largeReport(1_000, 1)
    const all = Array.from({ length: 20 }, (_, at) => renderStatusPage(many, { ...options, part: at + 1 }).html).join(
      '',
    )
    for (let at = 0; at < 1_000; at++) assert.ok(all.includes(`/?connector=connector-${at}"`))
  })

  test('no page holds a script, an event handler, an inline style or anything from elsewhere', () => {
    for (const report of [largeReport(2, 3), { connectors: [] }, { connectors: [connectorOf()] }]) {
      for (const standalone of [true, false]) {
        const { html, headers } = renderStatusPage(report, { ...options, standalone })
        assert.doesNotMatch(html, /<script|\son\w+=|\sstyle=|src=|@import|url\(/i)
        assert.doesNotMatch(
          html.replaceAll('http://www.w3.org/2000/svg', '').replaceAll('https://api.example.com/', ''),
          /https?:/,
        )
        assert.match(headers['content-security-policy'] ?? '', /^default-src 'none'; style-src 'sha256-[^']+';/)
      }
    }
  })

  test('whatever a provider or a file says is text, never markup', () => {
    const nasty = fc.oneof(
      fc.constantFrom(
        '<script>alert(1)</script>',
        '"><img src=x onerror=alert(1)>',
        "' onfocus='alert(1)",
        '</title>',
        ']]>',
        '\u0000\u0007\uD800',
        '${1}',
        '&lt;',
      ),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(nasty, nasty, nasty, nasty, (a, b, c, d) => {
        const run = runRecordOf({
          run_id: a,
          connector: b,
          error: { code: c, message: d },
          streams: [
            streamRecordOf({
              stream: a,
              schema_changes: [b],
              cursor: { from: c, to: d },
              error: { code: a, message: b },
              warnings: [{ code: c, message: d }],
            }),
          ],
          warehouse: { [a]: b },
        })
        const stream = {
          stream: a,
          state: 'failed',
          commits: 1,
          committed_at: b,
          cursor: c,
          open: true,
          last_success: d,
          error: { code: a, message: b },
          warnings: [{ code: d, message: c }],
        } as const
        const connector = connectorOf({
          name: b,
          connector: a,
          destination: c,
          schedule: { cron: d, time_zone: a },
          streams: [stream],
          runs: [run],
        })
        const plain = connectorOf({ streams: [{ ...stream, stream: 's', error: { code: 'x', message: 'm' } }] })
        for (const page of [
          renderStatusPage({ connectors: [connector, plain] }, { ...options, viewer: { name: d }, csrf: a }),
          renderStatusPage({ connectors: [connector] }, { ...options, connector: b }),
          renderRunPage(run, options),
        ]) {
          const tags = page.html.match(/<\/?[a-zA-Z][^\s>/]*/g) ?? []
          for (const tag of tags) assert.ok(known.has(tag.replace(/^<\/?/, '')), tag)
          assert.doesNotMatch(page.html, /[^\P{Cc}\t\n\r]/u)
          for (const [tag] of page.html.matchAll(/<[^>]*>/g))
            assert.doesNotMatch(tag.replace(/"[^"]*"/g, '""'), /\son\w+\s*=/i)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('runs are started only by those who may, with the token, and never from a file', () => {
    const report = { connectors: [connectorOf(), connectorOf({ name: 'other', connector: 'other' })] }
    const forms = (more: Partial<PageOptions>) =>
      [
        ...renderStatusPage(report, { ...options, ...more }).html.matchAll(
          /action="([^"]+)">\s*<input type="hidden" name="csrf" value="token"/g,
        ),
      ].map(([, action]) => action)
    assert.deepEqual(forms({}), ['/run/acme', '/run/other'])
    assert.deepEqual(forms({ base: '/below' }), ['/below/run/acme', '/below/run/other'])
    assert.deepEqual(forms({ mayRun: (name) => name === 'other' }), ['/run/other'])
    assert.deepEqual(forms({ mayRun: false }), [])
    assert.deepEqual(forms({ csrf: undefined }), [])
    assert.deepEqual(forms({ standalone: true }), [])
  })

  test('every state has a shape and a name of its own, and every error code advice', () => {
    const { html } = renderStatusPage({ connectors: [connectorOf()] }, options)
    for (const state of states) assert.ok(html.includes(`<symbol id="${state}"`))
    assert.equal(new Set(Object.values(stateNames)).size, states.length)
    for (const text of Object.values(advice)) assert.match(text, /^[A-Z].*[.?]$/)
  })

  test('warnings stand below failures, with their sentence, and are no failure', () => {
    const warnings = [{ code: 'LISTING_IN_DOUBT', message: 'The page looks full.' }]
    const { streams } = connectorOf()
    const warned = connectorOf({
      name: 'warned',
      connector: 'warned',
      streams: streams.map((stream) => ({ ...stream, warnings })),
      runs: [runRecordOf({ streams: [streamRecordOf({ warnings })] })],
    })
    const error = { code: 'API_REFUSED', message: 'The provider refused.' }
    const failed = connectorOf({ streams: streams.map((stream) => ({ ...stream, state: 'failed', error })) })
    const alone = renderStatusPage({ connectors: [warned] }, options).html
    assert.match(alone, /<h1>1 of 1 stream has warnings<\/h1>/)
    assert.match(alone, /class="card trouble mild"/)
    const both = renderStatusPage({ connectors: [warned, failed] }, options).html
    assert.match(both, /<h1>1 of 2 streams needs attention<\/h1>/)
    assert.ok(both.indexOf('The page looks full.') > both.indexOf('The provider refused.'))
    const run = renderRunPage(warned.runs[0] ?? runRecordOf(), options).html
    for (const text of ['LISTING_IN_DOUBT', 'The page looks full.', '1 warning']) assert.ok(run.includes(text), text)
  })

  test('the record of an older version has no warnings', () => {
    const { warnings: _, ...old } = streamRecordOf()
    assert.deepEqual(streamRecord.parse(old).warnings, [])
  })

  test('a run tells what the warehouse says it cost', () => {
    const warehouse = { jobs: 4, bytes_billed: 20_971_520, slot_ms: 12_500, estimated_usd: 0.000119, usd_per_tib: 6.25 }
    const run = runRecordOf({ warehouse })
    assert.match(renderStatusPage({ connectors: [connectorOf({ runs: [run] })] }, options).html, />\$0\.00012</)
    const { html } = renderRunPage(run, options)
    for (const text of ['bytes billed', '21 MB', 'slot time', '12.5 s', '$6.25']) assert.ok(html.includes(text), text)
  })

  test('links in a file lead to places inside it', () => {
    const { html } = renderStatusPage(largeReport(2, 3), { ...options, standalone: true })
    const ids = new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id))
    for (const [, href = ''] of html.matchAll(/<a [^>]*href="([^"]+)"/g)) {
      assert.ok(href.startsWith('#'))
      assert.ok(ids.has(href.slice(1)), href)
    }
  })
})

const known = new Set(
  'html head meta title link style body a svg defs symbol circle path header p time form input button main h1 h2 h3 section ul li span b code div dl dt dd table thead tbody tr th td small details summary figure figcaption abbr nav footer use'.split(
    ' ',
  ),
)
