import assert from 'node:assert/strict'
import { after, beforeEach, suite, test } from 'node:test'
import { openDestination, parseDestination } from '../../src/destinations/index.ts'
import type { Batch, TablePlan } from '../../src/destinations/destination.ts'
import type { BigqueryDeps } from '../../src/destinations/bigquery/index.ts'
import { type Effects, systemEffects } from '../../src/base/effects.ts'
import type { SyncError } from '../../src/base/errors.ts'
import { skipBigquery, startEmulator } from '../support/bigquery/emulator.ts'
import {
  asFailed,
  asRunning,
  type Exchange,
  type Fault,
  isJobInsert,
  isLoad,
  jobIdOf,
  passingFaults,
  refusal,
  startFaultProxy,
} from '../support/bigquery/faults.ts'
import { makeRows, startProvider } from '../support/provider.ts'
import { createHarness } from '../sync/harness.ts'
import { listTables, query } from '../support/bigquery/read-rows.ts'
import { appendAll, appendOne, createBatch, createPlan } from './batch.ts'

// `all`: every request of a small run is spoiled once in each way; else each in one way, and those that move rows in all.
const everything = process.env['HEADRACE_TEST_FAULTS'] === 'all'
const project = 'faults'
const limits = { base: 2, cap: 20, job: 60_000 }

if (skipBigquery) suite('bigquery, faults', { skip: skipBigquery })
else {
  const emulator = await startEmulator()
  const proxy = await startFaultProxy(emulator.endpoint)
  after(async () => {
    await proxy[Symbol.asyncDispose]()
    await emulator[Symbol.asyncDispose]()
  })
  suite('bigquery, faults', () => {
    let places = 0
    let tests = 0
    beforeEach(async () => {
      if (tests++ % 4 === 3) await emulator.renew()
    })
    const open = (dataset: string, more: BigqueryDeps = {}, options = '') =>
      openDestination(parseDestination(`bigquery:${project}.${dataset}${options}`), 'acme', {
        bigquery: { endpoint: proxy.endpoint, limits, ...more },
      })
    const nextDataset = () => `acme_${++places}`
    const rows = [
      (seq: number) => createBatch(seq, [{ id: 1 }, { id: 2 }]),
      (seq: number) => createBatch(seq, [{ id: 3 }]),
    ]
    const readIds = async (dataset: string, table = 'orders') =>
      (await query(emulator.endpoint, project, `SELECT id FROM \`${project}.${dataset}.${table}\` ORDER BY id`)).map(
        ([id]) => Number(id),
      )
    const readLog = (dataset: string) =>
      query(
        emulator.endpoint,
        project,
        `SELECT seq, run_id FROM \`${project}.${dataset}._headrace_commits\` ORDER BY seq`,
      )

    const check = async (dataset: string): Promise<void> => {
      assert.deepEqual(await readIds(dataset), [1, 2, 3])
      assert.deepEqual(await readLog(dataset), [
        ['1', 'run-1'],
        ['2', 'run-1'],
      ])
      assert.deepEqual(await listTables(emulator.endpoint, project, `${dataset}__staging`), [], 'staging is left')
    }

    const plans: Readonly<Record<string, Partial<TablePlan>>> = {
      append: {},
      merge: { write: 'merge', primaryKey: ['id'] },
    }
    for (const [name, plan] of Object.entries(plans)) {
      test(
        `every request of a run that is spoiled once does no harm (${name})`,
        { timeout: 1_800_000 },
        async (context) => {
          proxy.watch()
          const clean = nextDataset()
          {
            await using d = await open(clean)
            await appendAll(d, plan, rows)
          }
          await check(clean)
          const requests = [...proxy.seen]
          const faults = Object.entries(passingFaults)
          let spoiled = 0
          for (const [index, request] of requests.entries()) {
            const moves = /jobs(\?|$)/.test(request)
            // Over the two modes each request meets another fault.
            const chosen =
              everything || (moves && name === 'append')
                ? faults
                : [faults[(index + (name === 'merge' ? 5 : 0)) % faults.length]]
            for (const [kind, fault] of chosen as typeof faults) {
              const dataset = nextDataset()
              if (places % 6 === 0) await emulator.renew()
              // The same request again: how many others come before it depends on how long jobs take.
              let before = requests.slice(0, index).filter((other) => shapeOf(other) === shapeOf(request)).length
              const counted = once((exchange) => shapeOf(exchange) === shapeOf(request) && before-- <= 0, fault)
              proxy.watch(counted.choose)
              try {
                await using d = await open(dataset)
                await appendAll(d, plan, rows)
              } catch (cause) {
                throw new Error(`${kind}: ${request}`, { cause })
              }
              await check(dataset).catch((cause: unknown) => {
                throw new Error(`${kind}: ${request}`, { cause })
              })
              spoiled += counted.count()
            }
          }
          context.diagnostic(`${spoiled} requests spoiled, of ${requests.length} in a run`)
          // How often a job is asked after depends on how long it takes.
          const sure = requests.filter((request) => !/^GET .*\/jobs\//.test(request))
          assert.ok(spoiled >= sure.length)
        },
      )
    }

    test('a job that failed for a passing reason is run again under another id, whether it took effect or not', async () => {
      for (const reason of ['backendError', 'jobInternalError', 'rateLimitExceeded']) {
        for (const which of ['headrace-load', 'headrace-commit']) {
          const dataset = nextDataset()
          let failing: string | undefined
          proxy.watch((exchange) => {
            const id = jobIdOf(exchange)
            if (!id?.startsWith(which) || !exchange.path.includes('/jobs')) return undefined
            failing ??= id
            return id === failing ? asFailed(reason) : undefined
          })
          {
            await using d = await open(dataset)
            await appendAll(d, {}, rows)
          }
          await check(dataset)
        }
      }
    })

    test('a commit that failed before it took effect is made by the next attempt', async () => {
      const dataset = nextDataset()
      let failing: string | undefined
      proxy.watch((exchange) => {
        const id = jobIdOf(exchange)
        if (!id?.startsWith('headrace-commit') || !exchange.path.includes('/jobs')) return undefined
        failing ??= id
        if (id !== failing) return undefined
        // In the place of the job another that does nothing.
        return async ({ reply }) => {
          const status = { state: 'DONE', errorResult: { reason: 'backendError', message: 'lost' } }
          const labels = /"headrace_writer":"(\w+)"/.exec(exchange.body.toString())?.[1] ?? ''
          const job = { jobReference: { jobId: id }, status, configuration: { labels: { headrace_writer: labels } } }
          reply({ status: 200, headers: {}, body: Buffer.from(JSON.stringify(job)) })
        }
      })
      {
        await using d = await open(dataset)
        await appendAll(d, {}, rows)
      }
      await check(dataset)
      assert.match(proxy.seen.join('\n'), /POST .*\/jobs/)
    })

    test('a load job that hangs is cancelled, left behind and made anew', async () => {
      const dataset = nextDataset()
      let hanging: string | undefined
      const clock = createClock()
      proxy.watch((exchange) => {
        const id = jobIdOf(exchange)
        if (!id?.startsWith('headrace-load') || !exchange.path.includes('/jobs')) return undefined
        hanging ??= id
        return id === hanging ? clock.hang : undefined
      })
      {
        await using d = await open(dataset, { effects: clock.effects })
        await appendAll(d, {}, [rows[0] as never])
      }
      assert.deepEqual(await readIds(dataset), [1, 2])
      assert.ok(proxy.seen.some((request) => request.includes('/cancel')))
    })

    test('a commit job that hangs is not made again: the run says so, and the next one finds out what became of it', async () => {
      const dataset = nextDataset()
      const clock = createClock()
      proxy.watch((exchange) =>
        jobIdOf(exchange)?.startsWith('headrace-commit') && exchange.path.includes('/jobs') ? clock.hang : undefined,
      )
      {
        await using d = await open(dataset, { effects: clock.effects })
        const failure = await failureOf(appendAll(d, {}, [rows[0] as never]))
        assert.equal(failure.code, 'DESTINATION_UNAVAILABLE')
        assert.match(failure.message, /has been running/)
        assert.equal(proxy.seen.filter((request) => /POST \/bigquery.*\/jobs$/.test(request)).length, 1)
      }
      proxy.watch()
      await using d = await open(dataset)
      // The job went on all the while.
      while ((await d.readPosition('orders')).seq === 0);
      await appendAll(d, {}, [rows[1] as never])
      assert.deepEqual(await readIds(dataset), [1, 2, 3])
    })

    test('a quota that is used up, a missing role and the like are one sentence that says what to do, and nothing is written', async () => {
      const denied =
        'Access Denied: Project faults: User does not have bigquery.jobs.create permission in project faults.'
      const cases: readonly [when: (exchange: Exchange) => boolean, fault: Fault, code: string, message: RegExp][] = [
        [isLoad, asFailed('quotaExceeded'), 'DESTINATION_UNAVAILABLE', /quota .* is used up/],
        [isLoad, ({ reply }) => reply(refusal(403, 'quotaExceeded')), 'DESTINATION_UNAVAILABLE', /quota/],
        [
          isJobInsert,
          ({ reply }) => reply(refusal(403, 'accessDenied', denied)),
          'DESTINATION_FORBIDDEN',
          /gcloud projects add-iam-policy-binding faults --member=serviceAccount:\S+ --role=roles\/bigquery.jobUser --condition=None/,
        ],
        [
          ({ method, path }) => method === 'POST' && path.endsWith('/datasets'),
          ({ reply }) => reply(refusal(403, 'accessDenied', 'User does not have bigquery.datasets.create permission')),
          'DESTINATION_FORBIDDEN',
          /roles\/bigquery.user/,
        ],
        [
          ({ method, path }) => method === 'POST' && path.endsWith('/tables'),
          ({ reply }) => reply(refusal(403, 'accessDenied', 'Permission bigquery.tables.create denied on dataset')),
          'DESTINATION_FORBIDDEN',
          /roles\/bigquery.dataEditor .*resource.name.startsWith\("projects\/faults\/datasets\/acme_/,
        ],
        [isJobInsert, ({ reply }) => reply(refusal(401, 'authError')), 'DESTINATION_FORBIDDEN', /credentials/],
        [isJobInsert, ({ socket }) => socket.destroy(), 'DESTINATION_UNAVAILABLE', /did not answer/],
        [
          (exchange) => isJobInsert(exchange) && !isLoad(exchange),
          asFailed(
            'bytesBilledLimitExceeded',
            'Query exceeded limit for bytes billed: 1. 10485760 or higher required.',
          ),
          'DESTINATION_FAILED',
          /maximum_bytes_billed/,
        ],
      ]
      for (const [when, fault, code, message] of cases) {
        const dataset = nextDataset()
        proxy.watch((exchange) => (when(exchange) ? fault : undefined))
        await using d = await open(dataset, { limits: { ...limits, attempts: 2 } })
        const failure = await failureOf(appendAll(d, {}, rows))
        assert.equal(failure.code, code, failure.message)
        assert.match(failure.message, message)
        assert.doesNotMatch(failure.message, /\n/)
      }
    })

    test('a dataset in another location is refused before anything is written', async () => {
      const dataset = nextDataset()
      proxy.watch()
      await using first = await open(dataset, {}, '?location=EU')
      await appendAll(first, {}, [rows[0] as never])
      await using second = await open(dataset, {}, '?location=US')
      const failure = await failureOf(second.readPosition('orders'))
      assert.equal(failure.code, 'CONFIG_INVALID')
      assert.match(failure.message, /lies in EU, not in US/)
    })

    test('a job id that is taken where we do not look is no success', async () => {
      const dataset = nextDataset()
      proxy.watch((exchange) => {
        if (!jobIdOf(exchange)?.startsWith('headrace-commit') || !exchange.path.includes('/jobs')) return undefined
        const answer = exchange.method === 'POST' ? refusal(409, 'duplicate') : refusal(404, 'notFound')
        return ({ reply }) => reply(answer)
      })
      await using d = await open(dataset)
      const failure = await failureOf(appendAll(d, {}, [rows[0] as never]))
      assert.equal(failure.code, 'DESTINATION_UNAVAILABLE')
      assert.match(failure.message, /none of that id/)
      assert.equal((await d.readPosition('orders')).seq, 0)
    })

    suite('somebody else', () => {
      const between = async (
        deed: string | ((dataset: string) => Promise<void>),
        plan: Partial<TablePlan> = {},
        rejects: Batch['rejects'] = [],
      ) => {
        const dataset = nextDataset()
        proxy.watch()
        await using d = await open(dataset)
        await using writer = await d.openTable(createPlan(plan))
        await appendOne(writer, first())
        if (typeof deed === 'string')
          await query(emulator.endpoint, project, deed.replaceAll('DS', `${project}.${dataset}`))
        else await deed(dataset)
        return { dataset, failure: await failureOf(appendOne(writer, { ...second(), rejects })).catch(() => undefined) }
      }
      const first = (): Batch => createBatch(1, [{ id: 1, name: 'a' }])
      const second = (): Batch => createBatch(2, [{ id: 2, name: 'b' }])

      test('who adds a column does not stop a run', async () => {
        const { dataset, failure } = await between('ALTER TABLE `DS.orders` ADD COLUMN note STRING')
        assert.equal(failure, undefined)
        assert.deepEqual(await readIds(dataset), [1, 2])
      })

      test('who drops a column gets it back', async () => {
        const { dataset, failure } = await between('ALTER TABLE `DS.orders` DROP COLUMN name')
        assert.equal(failure, undefined)
        assert.deepEqual(await readIds(dataset), [1, 2])
        const names = await query(
          emulator.endpoint,
          project,
          `SELECT name FROM \`${project}.${dataset}.orders\` WHERE id = 2`,
        )
        assert.deepEqual(names, [['b']])
      })

      test('who drops the table gets a new one with what comes from then on', async () => {
        const { dataset, failure } = await between('DROP TABLE `DS.orders`')
        assert.equal(failure, undefined)
        assert.deepEqual(await readIds(dataset), [2])
      })

      test('who drops the log stops the run with a sentence that says how to get it back', async () => {
        const { dataset, failure } = await between('DROP TABLE `DS._headrace_commits`')
        assert.equal(failure?.code, 'DESTINATION_FAILED')
        assert.match(failure.message, /was dropped during the run/)
        assert.deepEqual(await readIds(dataset), [1])
      })

      test('who drops the table of refused rows gets a new one', async () => {
        const { dataset, failure } = await between('DROP TABLE `DS._headrace_rejects`', {}, [
          { reason: 'odd', row: '{' },
        ])
        assert.equal(failure, undefined)
        const rejects = await query(
          emulator.endpoint,
          project,
          `SELECT seq, reason FROM \`${project}.${dataset}._headrace_rejects\``,
        )
        assert.deepEqual(rejects, [['2', 'odd']])
      })

      test('who drops the staging dataset does not stop a run', async () => {
        const { dataset, failure } = await between(async (name) => {
          const url = `${emulator.endpoint}/bigquery/v2/projects/${project}/datasets/${name}__staging?deleteContents=true`
          await fetch(url, { method: 'DELETE' })
        })
        assert.equal(failure, undefined)
        assert.deepEqual(await readIds(dataset), [1, 2])
      })

      test('who drops what a listing has staged makes it start again', async () => {
        const { dataset, failure } = await between(
          async (name) => {
            for (const table of await listTables(emulator.endpoint, project, `${name}__staging`)) {
              if (table.includes('_listing_'))
                await query(emulator.endpoint, project, `DROP TABLE \`${project}.${name}__staging.${table}\``)
            }
          },
          { write: 'replace', staged: true },
        )
        assert.equal(failure?.code, 'LISTING_EXPIRED')
        assert.ok(dataset)
      })

      test('who sets the log back makes the run do the commit again', async () => {
        const dataset = nextDataset()
        proxy.watch()
        await using d = await open(dataset)
        await appendAll(d, {}, rows)
        const t = `\`${project}.${dataset}`
        await query(emulator.endpoint, project, `DELETE FROM ${t}._headrace_commits\` WHERE seq = 2`)
        await query(emulator.endpoint, project, `DELETE FROM ${t}.orders\` WHERE id = 3`)
        await appendAll(d, {}, [rows[1] as never])
        await check(dataset)
      })
    })

    for (const [name, size] of [
      ['one batch', 100],
      ['several batches', 3],
    ] as const) {
      test(`a full refresh of ${name} that fails once the table is made anew is done again by the next run`, async () => {
        const dataset = nextDataset()
        await using provider = await startProvider({ rows: makeRows(7), pageSize: size })
        using harness = createHarness(provider.url)
        const run = (request = {}) =>
          harness.run(request, {
            openDestination: async () => ({ ...(await open(dataset)), ...(size < 100 && { batchAge: 0 }) }),
          })
        const check = async (count: number) =>
          assert.deepEqual(
            await readIds(dataset, 'rows'),
            makeRows(count).map(({ id }) => id),
          )
        harness.connector = connector
        assert.equal((await run()).status, 'complete')
        provider.setRows(makeRows(9))
        harness.connector = `${connector}    partition_by: { column: updated_at, by: day }\n`
        let cut = 0
        proxy.watch(({ body }) => (cut > 0 || body.includes('CREATE OR REPLACE TABLE') ? cutAfterDdl : undefined))
        const cutAfterDdl: Fault = async ({ body, forward, reply }) => {
          cut++
          reply(await forward(Buffer.from(body.toString().replace('BEGIN TRANSACTION', `SELECT ERROR('cut')`))))
        }
        assert.equal((await run({ full_refresh: true })).status, 'failed')
        assert.ok(cut > 0)
        await check(9)
        proxy.watch()
        provider.setRows(makeRows(12))
        const next = await run()
        assert.equal(next.status, 'complete', next.first.error?.message)
        await check(12)
        // The second time the log knows already.
        if (size === 100) assert.deepEqual((await readLog(dataset)).flat(), ['1', 'run-1', '2', 'run-2', '3', 'run-3'])
        provider.setRows(makeRows(13))
        assert.equal((await run()).first.rows, 1)
        await check(13)
      })
    }

    test('the last batch of a full refresh waits until the log tells of the refresh', async () => {
      await using d = await open(nextDataset())
      await using writer = await d.openTable(createPlan({ staged: true }))
      const [first, last] = [createBatch(1, [{ id: 1 }]), createBatch(2, [{ id: 2 }], { complete: true })]
      // Both are loaded before either can be committed.
      const lastLoaded = Promise.withResolvers<void>()
      const commits: number[] = []
      proxy.watch((exchange) => {
        const commit = /"headrace-commit-orders-(\d+)-/.exec(exchange.body.subarray(0, 1_000).toString())
        if (commit) commits.push(Number(commit[1]))
        if (!isLoad(exchange)) return undefined
        return async ({ body, forward, reply }) => {
          if (body.includes('orders_1_')) await lastLoaded.promise
          reply(await forward())
          if (body.includes('orders_2_')) lastLoaded.resolve()
        }
      })
      await Promise.all([appendOne(writer, first), appendOne(writer, last)])
      assert.deepEqual(commits, [1, 2])
    })

    test('a small commit takes three jobs: its position, its load, its script', async () => {
      const dataset = nextDataset()
      proxy.watch()
      {
        await using d = await open(dataset)
        await appendAll(d, {}, [rows[0] as never])
      }
      proxy.watch()
      await using d = await open(dataset)
      await appendAll(d, {}, [rows[1] as never])
      const jobs = proxy.seen.filter((request) => /^POST .*\/(jobs|queries)(\?|$)/.test(request))
      assert.equal(jobs.length, 3, jobs.join('\n'))
      assert.equal(d.usage?.()?.jobs, 3)
    })
  })
}

const connector = `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: page_number }
    params: { updated_since: "{{ cursor }}" }
    incremental: { cursor: updated_at }
    write: append
`

/** A clock that each look at a job that hangs moves on by half the time that a job is given. */
function createClock() {
  let skipped = 0
  const hang: Fault = (exchange) => {
    skipped += limits.job / 2
    return asRunning(exchange)
  }
  return { hang, effects: { ...systemEffects, now: () => Date.now() + skipped } satisfies Effects }
}

/** Spoils the first request that it is asked about and that fits. */
function once(fits: (exchange: Exchange) => boolean, fault: Fault) {
  let count = 0
  return {
    count: () => count,
    choose: (exchange: Exchange): Fault | undefined => {
      if (count > 0 || !fits(exchange)) return undefined
      count++
      return fault
    },
  }
}

/** What kind of request it is, without the names that differ from run to run. */
function shapeOf(request: Exchange | string): string {
  const text = typeof request === 'string' ? request : `${request.method} ${request.path}`
  return text
    .replaceAll(/acme_\d+/g, 'acme')
    .replaceAll(/headrace-(load|commit)-\w+-?[\w-]*/g, '$1')
    .replaceAll(/(orders_\d+)_[0-9a-f]{16}/g, '$1')
}

async function failureOf(task: Promise<unknown>): Promise<SyncError> {
  return task.then(
    () => Promise.reject(new Error('it did not fail')),
    (thrown: unknown) => thrown as SyncError,
  )
}
