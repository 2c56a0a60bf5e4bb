import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import type { Checkpoint } from '../../src/destinations/checkpoint.ts'
import type { CliProcess, CliResult } from '../support/cli-process.ts'
import { makeRow, type Provider, startProvider } from '../support/provider.ts'
import { chooseSeed, createRandom } from '../support/seeded-random.ts'
import { connectorText, createWorkspace, type Workspace } from '../support/workspace.ts'

// A listing of 24 pages of 4 MB commits some six times. It is killed at a random moment and run again until it is
// done, then another listing begins, until so many processes have been killed.

/** In each mode. */
const kills = Number(process.env['HEADRACE_TEST_KILLS'] ?? 100)
const pageSize = 1_000
const pageCount = 24
const rowCount = pageSize * pageCount
const pad = 'pad '.repeat(1_000)
const rows = Array.from({ length: rowCount }, (_, at) => makeRow(at, { pad }))
const whole = { rows: rowCount, ids: rowCount, sum: (rowCount * (rowCount + 1)) / 2 }

suite('kill -9', { concurrency: 2 }, () => {
  for (const write of ['append', 'merge'] as const) {
    test(
      `at ${kills} random moments of a listing loses and doubles no row in ${write}`,
      { timeout: 1_800_000 },
      async (context) => {
        const seed = chooseSeed()
        context.diagnostic(`HEADRACE_TEST_SEED=${seed}`)
        await using provider = await startProvider({ rows, pageSize })
        const trial: Trial = {
          context,
          provider,
          write,
          random: createRandom(seed),
          killed: 0,
          resumed: 0,
          listings: 0,
        }
        while (trial.killed < kills) await killUntilDone(trial)
        context.diagnostic(
          `${trial.killed} kills in ${trial.listings} listings, ${trial.resumed} runs began inside a listing`,
        )
        assert.ok(
          trial.resumed >= kills / 10,
          `only ${trial.resumed} runs began inside a listing: the test proves little`,
        )
      },
    )
  }
})

interface Trial {
  readonly context: TestContext
  readonly provider: Provider
  readonly write: 'append' | 'merge'
  readonly random: () => number
  killed: number
  resumed: number
  listings: number
}

/** One listing into a new file, killed at random until a run comes to its end. */
async function killUntilDone(trial: Trial): Promise<void> {
  const { provider, write } = trial
  using space = createWorkspace()
  const stream = [`write: ${write}`, ...(write === 'merge' ? ['primary_key: [id]'] : [])]
  space.writeConnector(connectorText(provider.url, { stream }))
  let state = await inspect(space)
  let mayRepeat = 0
  for (let done = false; !done;) {
    // One that was killed behind the last commit of its listing: a merge then reads the row at the cursor again.
    if (write === 'merge' && state.checkpoint && !state.checkpoint.open) mayRepeat++
    const result = await runOnce(trial, space)
    checkStart(trial, state.checkpoint)
    if (result.signal === 'SIGKILL') trial.killed++
    else assert.equal(result.code, 0, result.stderr)
    done = result.code === 0
    state = await inspect(space)
    checkTable(state, mayRepeat)
  }
  assert.deepEqual(await space.count(), whole)
  const [padding] = await space.query('SELECT sum(length(pad)) AS bytes FROM api.rows')
  assert.equal(Number(padding?.['bytes']), rowCount * pad.length)
  trial.listings++
}

/** Starts a run, and kills it after a while, or some time after its n-th request, unless enough were killed. */
async function runOnce({ provider, random, killed }: Trial, space: Workspace): Promise<CliResult> {
  if (killed >= kills) {
    provider.watch()
    return space.start().result
  }
  const timers: NodeJS.Timeout[] = []
  const child: CliProcess = space.start()
  const killAfter = (ms: number) => void timers.push(setTimeout(() => child.kill('SIGKILL'), ms))
  const byTime = random() < 0.25
  const request = 1 + Math.floor(random() * 14)
  const after = random() * 120
  let seen = 0
  provider.watch(() => {
    if (!byTime && ++seen === request) killAfter(after)
  })
  if (byTime) killAfter(random() * 2_000)
  const result = await child.result
  for (const timer of timers) clearTimeout(timer)
  return result
}

/** A run that finds a saved place asks for that page first, not for page one. */
function checkStart(trial: Trial, before: Checkpoint | undefined): void {
  const first = trial.provider.received[0]
  if (!first || !before?.open) return
  const saved = new URL(before.open.place.next.url)
  assert.equal(first.url, `${saved.pathname}${saved.search}`)
  assert.ok(first.page > 1, 'the run began at page one again')
  trial.resumed++
}

interface State {
  readonly rows: number
  readonly ids: number
  /** The sum of what the commits say that they brought. */
  readonly committed: number
  /** Of the last commit. */
  readonly checkpoint?: Checkpoint
}

async function inspect(space: Workspace): Promise<State> {
  if (!(await space.hasTable())) return { rows: 0, ids: 0, committed: 0 }
  const [found] = await space.query(`SELECT count(*) AS rows, count(DISTINCT id) AS ids,
    (SELECT coalesce(sum(rows), 0) FROM api._headrace_commits) AS committed,
    (SELECT max_by(checkpoint::VARCHAR, seq) FROM api._headrace_commits) AS checkpoint FROM api.rows`)
  const number = (name: string) => Number(found?.[name])
  const checkpoint = found?.['checkpoint'] as string | null
  return {
    rows: number('rows'),
    ids: number('ids'),
    committed: number('committed'),
    ...(checkpoint !== null && { checkpoint: JSON.parse(checkpoint) as Checkpoint }),
  }
}

/** At every moment the rows are those of the commits, each once, but for so many at most that were merged again. */
function checkTable({ rows: found, ids, committed }: State, mayRepeat: number): void {
  assert.equal(found, ids, 'a row is there twice')
  assert.ok(committed >= found && committed <= found + mayRepeat, `${found} rows, and ${committed} in the commit log`)
  assert.equal(found % pageSize, 0, 'a page is there in part')
}
