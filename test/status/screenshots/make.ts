/** Takes the pictures of deploy/README.md again, from real runs: `node test/status/screenshots/make.ts`. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Page, openRunPage, openStatusPage, readStatus } from '../../../src/status/index.ts'
import { makeSample, sampleApp } from '../sample.ts'
import { startBrowser } from '../support.ts'

await using sample = await makeSample()
const app = sampleApp(sample)
const viewer = { csrf: 'token', mayRun: true, viewer: { name: 'ann@example.com' } }
const query = new URLSearchParams()
const overview = await openStatusPage(app, query, viewer)
const report = await readStatus(app, { connector: 'billing' })
const last = report.connectors[0]?.runs[0]?.run_id ?? ''
const run = await openRunPage(app, last, { query: new URLSearchParams({ connector: 'billing' }), viewer })

let served: Page = overview
const server = createServer((_, response) => response.writeHead(200, { ...served.headers }).end(served.html))
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const browser = await startBrowser()
for (const [name, page, colorScheme, width, height] of [
  ['overview-light', overview, 'light', 1440, 1180],
  ['overview-dark', overview, 'dark', 820, 1180],
  ['overview-phone', overview, 'dark', 390, 1180],
  ['run', run, 'light', 1440, 680],
] as const) {
  served = page
  const context = await browser.newContext({ colorScheme, viewport: { width, height } })
  const tab = await context.newPage()
  await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  await tab.screenshot({ path: join(import.meta.dirname, `${name}.png`) })
  await context.close()
}
await browser.close()
server.close()
