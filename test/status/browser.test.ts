import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { findBarriers } from './axe.ts'
import type { Browser } from 'playwright-core'
import { type Page, type PageOptions, renderRunPage, renderStatusPage } from '../../src/status/index.ts'
import { connectorOf, largeReport } from './page-fixtures.ts'
import { noBrowser, runRecordOf, startBrowser, streamRecordOf } from './support.ts'

const options: PageOptions = {
  now: Date.parse('2026-11-20T14:00:00Z'),
  csrf: 'token',
  mayRun: true,
  viewer: { name: 'ann@example.com' },
}
const failed = largeReport(2, 3)
const run = runRecordOf({
  status: 'failed',
  streams: [
    streamRecordOf({
      schema_changes: ['added column currency'],
      warnings: [{ code: 'LISTING_IN_DOUBT', message: 'The page looks full.' }],
    }),
    streamRecordOf({ stream: 'b', status: 'failed', error: { code: 'AUTH_FAILED', message: 'no' } }),
  ],
  warehouse: { bytes_billed: 10_485_760, jobs: 4 },
})

const pages: Readonly<Record<string, Page>> = {
  'an empty state': renderStatusPage({ connectors: [] }, options),
  'all is well': renderStatusPage({ connectors: [connectorOf()] }, options),
  'warnings alone': renderStatusPage(
    {
      connectors: [
        connectorOf({
          streams: connectorOf().streams.map((stream) => ({
            ...stream,
            warnings: [{ code: 'SOURCE_MOVED', message: 'Rows changed while they were paged.' }],
          })),
        }),
      ],
    },
    options,
  ),
  'streams that failed': renderStatusPage(failed, options),
  'a connector that cannot be read': renderStatusPage(
    {
      connectors: [
        connectorOf({ state: 'failed', runs: [], streams: [], error: { code: 'CONFIG_INVALID', message: 'x' } }),
      ],
    },
    options,
  ),
  'a thousand streams': renderStatusPage(largeReport(50, 20), options),
  'a part of one connector': renderStatusPage(largeReport(1, 200), { ...options, connector: 'connector-0', part: 2 }),
  'a run': renderRunPage(run, options),
  'a file': renderStatusPage(failed, { ...options, standalone: true }),
}

suite('the status page in a browser', { skip: noBrowser ?? false }, () => {
  let browser: Browser
  let served: Page
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.writeHead(200, { ...served.headers }).end(served.html)
  })
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    browser = await startBrowser()
  })
  after(async () => {
    await browser?.close()
    server.closeAllConnections()
    server.close()
  })

  for (const [name, page] of Object.entries(pages)) {
    test(`${name}: no barrier, no violation of the policy, one request, no sideways scrolling at any width`, async () => {
      served = page
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const width of [390, 820, 1440]) {
          const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } })
          const tab = await context.newPage()
          const complaints: string[] = []
          tab.on('console', (message) => complaints.push(message.text()))
          tab.on('pageerror', (error) => complaints.push(error.message))
          asked.length = 0
          await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
          assert.deepEqual(complaints, [])
          assert.deepEqual(asked, ['GET /'])
          const wide = await tab.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
          assert.equal(wide, 0)
          const painted = await tab.evaluate('getComputedStyle(document.body).margin')
          assert.equal(painted, '0px')
          const violations = await findBarriers(tab)
          assert.deepEqual(
            violations.map(({ id, nodes }) => [id, nodes[0]?.html]),
            [],
          )
          await context.close()
        }
      }
    })
  }

  test('the policy keeps a script from running that somebody managed to put in', async () => {
    const page = renderStatusPage({ connectors: [] }, options)
    served = { ...page, html: page.html.replace('</main>', '<script>document.title = "taken"</script></main>') }
    const tab = await browser.newPage()
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    assert.match(await tab.title(), /^No connectors yet/)
    await tab.close()
  })

  test('it is worked with the keyboard alone: past the header, to the form, which sends its token', async () => {
    served = renderStatusPage({ connectors: [connectorOf()] }, options)
    const tab = await browser.newPage()
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    await tab.keyboard.press('Tab')
    assert.equal(await tab.evaluate('document.activeElement.textContent'), 'Skip to the content')
    await tab.keyboard.press('Enter')
    assert.equal(await tab.evaluate('document.activeElement.id'), 'main')
    const sent = tab.waitForRequest((request) => request.method() === 'POST')
    for (let presses = 0; presses < 10; presses++) {
      await tab.keyboard.press('Tab')
      if ((await tab.evaluate('document.activeElement.textContent')) === 'Run now') break
    }
    await tab.keyboard.press('Enter')
    const request = await sent
    assert.equal(new URL(request.url()).pathname, '/run/acme')
    assert.equal(request.postData(), 'csrf=token')
    await tab.close()
  })
})
