import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { createApp } from '../../src/run/app.ts'
import { runConnector } from '../../src/run/run.ts'
import type { RunRecord } from '../../src/destinations/run-record.ts'
import { runRequest } from '../../src/destinations/run-request.ts'
import { skipBigquery, startEmulator } from '../support/bigquery/emulator.ts'
import { listTables, query } from '../support/bigquery/read-rows.ts'
import { runCli, startCli } from '../support/cli-process.ts'
import { makeRow, makeRows, startProvider } from '../support/provider.ts'
import { chooseSeed, createRandom } from '../support/seeded-random.ts'
import { connectorText } from '../support/workspace.ts'

// The whole way, from a provider into BigQuery's emulator: killed at random moments, delivered twice, raced.

const kills = Number(process.env['HEADRACE_TEST_BIGQUERY_KILLS'] ?? 6)
const rounds = Number(process.env['HEADRACE_TEST_RACES'] ?? 4)
const project = 'e2e'

if (skipBigquery) suite('into BigQuery', { skip: skipBigquery })
else {
  const emulator = await startEmulator()
  after(() => emulator[Symbol.asyncDispose]())
  const { endpoint } = emulator
  const env = { HEADRACE_BIGQUERY_ENDPOINT: endpoint }
  let places = 0
  const nextDataset = () => `api_${++places}`
  const never = new AbortController().signal

  interface State {
    readonly rows: number
    readonly ids: number
    readonly committed: number
  }
  const inspect = async (dataset: string): Promise<State> => {
    const at = `\`${project}.${dataset}`
    const tables = await listTables(endpoint, project, dataset)
    if (!tables.includes('rows')) return { rows: 0, ids: 0, committed: 0 }
    const [found = []] = await query(
      endpoint,
      project,
      `SELECT COUNT(*), COUNT(DISTINCT id), (SELECT IFNULL(SUM(\`rows\`), 0) FROM ${at}._headrace_commits\`) FROM ${at}.rows\``,
    )
    const [rows, ids, committed] = found.map(Number)
    return { rows: rows ?? 0, ids: ids ?? 0, committed: committed ?? 0 }
  }
  const readIds = async (dataset: string) =>
    (await query(endpoint, project, `SELECT id FROM \`${project}.${dataset}.rows\` ORDER BY id`)).map(([id]) =>
      Number(id),
    )

  const runHere = async (text: string, dataset: string, runId: string): Promise<RunRecord> => {
    const dir = mkdtempSync(join(tmpdir(), 'headrace-bigquery-e2e-'))
    try {
      const file = join(dir, 'api.yaml')
      writeFileSync(file, text)
      const app = createApp(env, { logLevel: 'silent' })
      return await runConnector(runRequest.parse({ connector: file }), app, {
        trigger: 'cli',
        runId,
        destination: `bigquery:${project}.${dataset}`,
        stop: { soft: never, hard: never },
      })
    } finally {
      rmSync(dir, { recursive: true })
    }
  }

  suite('into BigQuery', () => {
    test('a run says what it cost, and status reads it back', { timeout: 300_000 }, async () => {
      await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
      const dataset = nextDataset()
      const dir = mkdtempSync(join(tmpdir(), 'headrace-bigquery-e2e-'))
      try {
        writeFileSync(join(dir, 'api.yaml'), connectorText(provider.url))
        const to = ['--to', `bigquery:${project}.${dataset}`]
        const before = await runCli(['status', 'api.yaml', ...to, '--json'], { cwd: dir, env })
        assert.equal(before.code, 0, before.stderr)
        assert.deepEqual(await listTables(endpoint, project, dataset), [], 'to look made something')
        const run = await runCli(['run', 'api.yaml', ...to, '--json'], { cwd: dir, env })
        assert.equal(run.code, 0, run.stderr)
        const record = JSON.parse(run.stdout) as RunRecord
        assert.equal(record.warehouse?.['usd_per_tib'], 6.25)
        assert.equal(record.warehouse?.['jobs'], 2, 'a dataset that is not there takes no job to read')
        const status = await runCli(['status', 'api.yaml', ...to, '--json'], { cwd: dir, env })
        assert.equal(status.code, 0, status.stderr)
        const shown = JSON.parse(status.stdout) as { connectors: { runs: RunRecord[] }[] }
        assert.deepEqual(shown.connectors[0]?.runs[0], record)
        const price = await runCli(['run', 'api.yaml', ...to, '--dry-run', '--price', '--json'], { cwd: dir, env })
        assert.equal(price.code, 0, price.stderr)
        const { prices } = JSON.parse(price.stdout) as { prices: object[] }
        assert.deepEqual(prices, [{ stream: 'rows', bytes: 0, usd: 0 }])
      } finally {
        rmSync(dir, { recursive: true })
      }
    })

    for (const write of ['append', 'merge'] as const) {
      test(
        `kill -9 at ${kills} random moments loses and doubles no row in ${write}`,
        { timeout: 3_600_000 },
        async (context) => {
          const seed = chooseSeed()
          context.diagnostic(`HEADRACE_TEST_SEED=${seed}`)
          const random = createRandom(seed)
          const pad = 'pad '.repeat(2_000)
          const rows = Array.from({ length: 6_000 }, (_, at) => makeRow(at, { pad }))
          await using provider = await startProvider({ rows, pageSize: 500 })
          const stream = [`write: ${write}`, ...(write === 'merge' ? ['primary_key: [id]'] : [])]
          const dir = mkdtempSync(join(tmpdir(), 'headrace-bigquery-e2e-'))
          writeFileSync(join(dir, 'api.yaml'), connectorText(provider.url, { stream }))
          let killed = 0
          let listings = 0
          try {
            while (killed < kills || listings === 0) {
              const dataset = nextDataset()
              if (listings > 0) await emulator.renew()
              let killedHere = 0
              for (let done = false; !done;) {
                const child = startCli(['run', 'api.yaml', '--to', `bigquery:${project}.${dataset}`], { cwd: dir, env })
                let timer: NodeJS.Timeout | undefined
                let seen = 0
                const request = 1 + Math.floor(random() * 14)
                const delay = random() * 3_000
                provider.watch(() => {
                  if (killed < kills && ++seen === request) timer = setTimeout(() => child.kill('SIGKILL'), delay)
                })
                const result = await child.result
                clearTimeout(timer)
                if (result.signal === 'SIGKILL') {
                  killed++
                  killedHere++
                }
                // What the killed run left running may commit just then: the next run loses the race, and the one after wins.
                else if (result.code !== 0) assert.match(result.stderr, /STATE_CONFLICT|Another run has written/)
                done = result.code === 0
                const state = await inspect(dataset)
                assert.equal(state.rows, state.ids, 'a row is there twice')
                // A run after the end of the listing, one killed before it could say so, merges the row at the cursor again.
                const again = write === 'merge' && state.rows === rows.length ? state.committed - state.rows : 0
                assert.ok(again >= 0 && again <= killedHere, 'the log has rows that nobody sent')
                assert.equal(state.rows + again, state.committed, 'the table and the commit log disagree')
                assert.equal(state.rows % 500, 0, 'a page is there in part')
              }
              assert.equal((await inspect(dataset)).rows, rows.length)
              listings++
            }
          } finally {
            rmSync(dir, { recursive: true })
          }
          context.diagnostic(`${killed} kills in ${listings} listings`)
        },
      )
    }

    for (const [what, runIds] of [
      ['one run that is delivered twice at once', ['same', 'same']],
      ['two runs that race on one stream', ['one', 'two']],
    ] as const) {
      test(`of ${what}, ${rounds} times, every row is there once`, { timeout: 3_600_000 }, async () => {
        await using provider = await startProvider({ rows: [], pageSize: 7 })
        const text = connectorText(provider.url, { stream: ['write: append'] })
        const dataset = nextDataset()
        let lost = 0
        for (let round = 1; round <= rounds; round++) {
          provider.setRows(makeRows(round * 20))
          const records = await Promise.all(runIds.map((id) => runHere(text, dataset, `${id}-${round}`)))
          for (const { streams } of records) {
            for (const { error } of streams) {
              if (!error) continue
              lost++
              assert.equal(error.code, 'STATE_CONFLICT', error.message)
            }
          }
          assert.ok(records.some(({ status }) => status === 'complete'))
          // The one that won saw what there was: nothing is left for another.
          assert.deepEqual(
            await readIds(dataset),
            makeRows(round * 20).map(({ id }) => Number(id)),
          )
          assert.deepEqual(await listTables(endpoint, project, `${dataset}__staging`), [])
        }
        assert.ok(rounds < 4 || lost > 0, 'no run ever lost: the test proves little')
      })
    }
  })
}
