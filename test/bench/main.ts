import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { runBigquery } from './bigquery.ts'
import {
  runColdStart,
  runComparison,
  runDltComparison,
  runMemory,
  runProfile,
  runSigning,
  type Bench,
} from './sections.ts'
import { built } from './contestants.ts'
import { parseOptions } from './options.ts'
import { runStatus } from './status.ts'

const options = parseOptions(process.argv.slice(2))
const show = (text: string) => void (options.json ? process.stderr : process.stdout).write(text)

const server = fork(join(import.meta.dirname, 'server.ts'), { stdio: 'inherit' })
const [port] = (await once(server, 'message')) as [number]
const dir = mkdtempSync(join(tmpdir(), 'headrace-bench-'))
const bench: Bench = { options, server: `http://127.0.0.1:${port}`, dir, show }

try {
  show(
    `headrace benchmark: ${options.rows.toLocaleString('en')} rows of about 400 bytes, 1,000 a page, over loopback\n`,
  )
  show(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}\n`)
  if (!built) show('NOT BUILT: dist/cli.js is missing, so the sources run instead (npm run build makes it)\n')
  const results: Record<string, unknown> = {}
  for (const section of options.profile ? [] : options.only) {
    switch (section) {
      case 'duckdb':
      case 'files':
        results[section] = await runComparison(bench, section)
        break
      case 'bigquery':
        results['bigquery'] = await runBigquery(bench)
        break
      case 'dlt':
        results['dlt'] = await runDltComparison(bench)
        break
      case 'memory':
        results['memory'] = await runMemory(bench)
        break
      case 'coldstart':
        results['coldstart'] = await runColdStart(bench)
        break
      case 'signing':
        results['signing'] = await runSigning(bench)
        break
      case 'status':
        results['status'] = await runStatus(bench)
    }
  }
  if (options.profile) await runProfile(bench)
  if (options.json) process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`)
} finally {
  server.disconnect()
  rmSync(dir, { recursive: true, force: true })
}
