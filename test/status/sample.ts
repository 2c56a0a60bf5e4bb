import { rmSync } from 'node:fs'
import { type TempDir, makeTempDir, sendJson, startApi } from '../cli/support.ts'
import { createAppAt, day, hour, minute, runAt } from './support.ts'

export interface Sample extends AsyncDisposable {
  readonly dir: string
  readonly now: number
  readonly env: Record<string, string>
}

export const sampleNow = Date.parse('2026-11-20T14:03:00Z')

/** Three connectors with a past of real runs into a DuckDB file: one that is well but for a warning, one that fails, one that fell silent. */
export async function makeSample(): Promise<Sample> {
  const dir: TempDir = makeTempDir()
  let now = 0
  await using api = await startApi((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const hours = Math.floor(now / hour)
    const rowsAt = (path: string): number => {
      if (path === '/orders') return 40 + ((hours * 7919) % 60)
      if (path === '/customers') return 5 + ((hours * 104_729) % 12)
      if (path === '/tickets') return now > sampleNow - 30 * hour ? 0 : 12 + (hours % 9)
      // As many as a page often holds, and nothing that leads on: the run is complete, but in doubt.
      if (path === '/products') return 100
      return 3 + (hours % 4)
    }
    if (url.pathname === '/invoices' && now > sampleNow - 9 * hour)
      return sendJson(response, 403, { error: { message: 'The scope invoices.read is missing' } })
    const rows = Array.from({ length: rowsAt(url.pathname) }, (_, at) => ({
      id: hours * 1000 + at,
      updated_at: new Date(now - at * minute).toISOString(),
      total: at * 1.5,
      ...(now > sampleNow - 3 * day && { currency: 'EUR' }),
    }))
    sendJson(response, 200, { data: rows })
  })
  const streams = (names: readonly string[]): string =>
    names
      .map(
        (name) => `  - name: ${name}
    path: /${name}
    rows: $.data[*]
    primary_key: [id]
    incremental: { cursor: updated_at }
`,
      )
      .join('')
  const head = (name: string, rest: string): string =>
    `name: ${name}\nbase_url: ${api.url}\nretry: { attempts: 2, base: PT0.001S }\n${rest}streams:\n`
  dir.write(
    'shop.yaml',
    head('shop', 'schedule: { cron: "0 */4 * * *", time_zone: Europe/Berlin }\n') +
      streams(['orders', 'customers', 'products']),
  )
  dir.write(
    'billing.yaml',
    head('billing', 'schedule: { cron: "30 5 * * *", time_zone: Europe/Berlin }\n') + streams(['invoices', 'payments']),
  )
  dir.write(
    'support-desk.yaml',
    head('support-desk', 'schedule: { cron: "0 * * * *" }\nexpect: { every: P1D, min_rows: 1 }\n') +
      streams(['tickets']),
  )
  // Pictures of the page show no path of this machine.
  process.chdir(dir.path)
  const env = { HEADRACE_DESTINATION: 'duckdb:warehouse.duckdb' }
  for (const [name, every, from, until] of [
    ['shop', 4 * hour, 72 * hour, 0],
    ['billing', day, 12 * day, 0],
    ['support-desk', 2 * hour, 60 * hour, 0],
  ] as const) {
    const offset = name === 'billing' ? 9.5 * hour : name === 'shop' ? 2 * hour + 3 * minute : 3 * minute
    for (now = sampleNow - offset - from; now <= sampleNow - until; now += every) {
      if (name === 'billing' && now === sampleNow - offset) now += hour
      await runAt(now, name, { dir: dir.path, env })
    }
  }
  return {
    dir: dir.path,
    now: sampleNow,
    env,
    [Symbol.asyncDispose]: async () => rmSync(dir.path, { recursive: true }),
  }
}

export const sampleApp = ({ dir, now, env }: Sample) => createAppAt(now, { dir, env })
