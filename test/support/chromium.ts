import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'

const executablePath = '/usr/bin/chromium'
const hasChromium = existsSync(executablePath)
if (!hasChromium && process.env['HEADRACE_REQUIRE_ALL']) throw new Error('chromium is needed here')
/** Why tests in a browser are left out, or false. */
export const skipChromium = hasChromium ? false : 'SKIPPED: there is no chromium to open pages with'

export interface Chromium extends AsyncDisposable {
  readonly context: BrowserContext
}

/** A browser without a past, which ends with the test. */
export async function startChromium(): Promise<Chromium> {
  const dir = mkdtempSync(join(tmpdir(), 'headrace-chromium-'))
  const quiet = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
  const context = await chromium.launchPersistentContext(dir, {
    executablePath,
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', ...quiet],
  })
  return {
    context,
    async [Symbol.asyncDispose]() {
      await context.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
