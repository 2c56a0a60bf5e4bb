import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, renameSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Destination } from '../../src/destinations/destination.ts'
import { openDatabase } from '../../src/destinations/duckdb/database.ts'
import { openDestination, parseDestination } from '../../src/destinations/index.ts'
import { readStatus } from '../../src/status/index.ts'
import type { RunRecord } from '../../src/destinations/run-record.ts'
import { type TempDir, connectorText, makeTempDir, runCli, servePages, startApi } from '../cli/support.ts'
import { createAppAt, hour, minute, runRecordOf, streamRecordOf } from './support.ts'

const start = Date.parse('2026-11-20T06:00:00Z')

/** A run that began so many hours after the first. */
const runOf = (run_id: string, hours: number, rest: Partial<RunRecord> = {}): RunRecord =>
  runRecordOf({
    run_id,
    started_at: new Date(start + hours * hour).toISOString(),
    finished_at: new Date(start + hours * hour + minute).toISOString(),
    ...rest,
  })

const withRows = (rows: number) => ({ streams: [streamRecordOf({ rows })] })

/** A folder with connectors that share one warehouse, and someone who looks at it again and again. */
function watch(dir: TempDir, spec: string, connectors: readonly string[] = ['acme']) {
  for (const name of connectors) dir.write(`${name}.yaml`, connectorText('http://127.0.0.1:1').replace('acme', name))
  let now = start + 100 * hour
  const use = async <T>(connector: string, task: (destination: Destination) => Promise<T>): Promise<T> => {
    await using destination = await openDestination(parseDestination(spec), connector)
    return await task(destination)
  }
  return {
    use,
    save: (connector: string, ...runs: readonly RunRecord[]) =>
      use(connector, async (destination) => {
        for (const run of runs) await destination.saveRun(run)
      }),
    /** What the page is made of, by connector. */
    look: async (limit?: number) => {
      now += 1
      const options = { dir: dir.path, env: { HEADRACE_DESTINATION: spec } }
      const { connectors: found } = await readStatus(createAppAt(now, options), { limit })
      return new Map(found.map((one) => [one.name, one]))
    },
  }
}

const commit = (file: string, schema: string, seq: number, stream = 'orders') =>
  useDatabase(
    file,
    `INSERT INTO target."${schema}"._headrace_commits VALUES ('${stream}', ${seq}, 'x', '{"done": ${seq}}', 1, now())`,
  )

async function useDatabase(file: string, sql: string): Promise<void> {
  await using database = await openDatabase(file)
  await database.use((session) => session.run(sql))
}

suite('a look after the warehouse has changed', () => {
  test('tells what the warehouse tells, whatever was saved, overwritten, late or committed in between', async () => {
    const step = fc.record({
      connector: fc.constantFrom('acme', 'other', 'third'),
      what: fc.constantFrom('save', 'overwrite', 'overwrite', 'commit'),
      at: fc.nat(12),
      rows: fc.nat(3),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 4, maxLength: 12 }),
        fc.constantFrom('duckdb', 'files'),
        async (steps, kind) => {
          using dir = makeTempDir()
          const file = join(dir.path, 'warehouse')
          const names = ['acme', 'other', 'third']
          const { save, use, look } = watch(dir, `${kind}:${file}`, names)
          for (const [index, { connector, what, at, rows }] of steps.entries()) {
            // A run is saved when it ends, hence later than all before; an overwritten one began when it did.
            const id = what === 'overwrite' ? `run-${at}` : `run-${at}-${index}`
            const ended = { finished_at: new Date(start + 50 * hour + index).toISOString() }
            if (what !== 'commit') await save(connector, runOf(id, at, { ...withRows(rows), ...ended }))
            else if (kind === 'duckdb') {
              await save(connector)
              await commit(file, connector, index + 1, `stream_${at % 2}`)
            }
            const limit = 2 + (index % 3)
            const found = await look(limit)
            for (const name of names) {
              const expected = await use(
                name,
                async (one) => [await one.recentRuns(limit), await one.positions()] as const,
              )
              const status = found.get(name)
              assert.deepEqual(status?.runs, expected[0])
              const commits = status.streams.filter((stream) => stream.commits > 0)
              assert.deepEqual(
                commits.map(({ stream, commits: seq, cursor, committed_at }) => [stream, seq, cursor, committed_at]),
                expected[1].map(({ stream, seq, checkpoint, committedAt }) => [
                  stream,
                  seq,
                  checkpoint.done,
                  committedAt,
                ]),
              )
            }
          }
        },
      ),
      // Each try takes seconds: the first that fails is told as it is.
      { numRuns: 8, endOnFailure: true },
    )
  })

  test('a run that is overwritten is told as it is now', async () => {
    using dir = makeTempDir()
    const { save, look } = watch(dir, `duckdb:${join(dir.path, 'a.duckdb')}`)
    const rowsOf = async () => (await look()).get('acme')?.runs.map(({ streams }) => streams[0]?.rows)
    await save('acme', runOf('first', 0, withRows(1)))
    assert.deepEqual(await rowsOf(), [1])
    const endedAt = (hours: number) => ({ finished_at: new Date(start + hours * hour).toISOString() })
    await save('acme', runOf('first', 0, { ...withRows(2), ...endedAt(2) }))
    assert.deepEqual(await rowsOf(), [2])
    await save('acme', runOf('second', 1, { ...withRows(3), ...endedAt(3) }))
    await save('acme', runOf('first', 0, { ...withRows(4), ...endedAt(4) }))
    assert.deepEqual(await rowsOf(), [3, 4])
  })

  test('what somebody has deleted is told no more', async () => {
    using dir = makeTempDir()
    const file = join(dir.path, 'a.duckdb')
    const { save, look } = watch(dir, `duckdb:${file}`)
    await save('acme', runOf('first', 0), runOf('second', 1))
    await commit(file, 'acme', 7)
    await commit(file, 'acme', 9, 'other')
    const tell = async () => {
      const acme = (await look()).get('acme')
      return [acme?.runs.length, ...(acme?.streams.map(({ stream, commits }) => `${stream} ${commits}`) ?? [])]
    }
    assert.deepEqual(await tell(), [2, 'orders 7', 'other 9'])
    await useDatabase(file, `DELETE FROM target.acme._headrace_commits WHERE stream = 'orders'`)
    assert.deepEqual(await tell(), [2, 'orders 0', 'other 9'])
    await useDatabase(file, `DELETE FROM target.acme._headrace_runs WHERE run_id = 'first'`)
    assert.deepEqual(await tell(), [1, 'orders 0', 'other 9'])
  })

  test('a run that is saved late stands where it began, and only among those that are asked for', async () => {
    using dir = makeTempDir()
    const { save, look } = watch(dir, `duckdb:${join(dir.path, 'a.duckdb')}`)
    const idsOf = async (limit: number) => (await look(limit)).get('acme')?.runs.map(({ run_id }) => run_id)
    await save('acme', runOf('two', 2), runOf('four', 4))
    assert.deepEqual(await idsOf(2), ['four', 'two'])
    await save('acme', runOf('three', 3))
    assert.deepEqual(await idsOf(2), ['four', 'three'])
    await save('acme', runOf('one', 1))
    assert.deepEqual(await idsOf(2), ['four', 'three'])
    assert.deepEqual(await idsOf(9), ['four', 'three', 'two', 'one'])
  })

  test('a file that is moved or copied to its place is read anew, however alike it is', async () => {
    using dir = makeTempDir()
    const file = join(dir.path, 'here', 'warehouse')
    const { save, look } = watch(dir, `duckdb:${file}`)
    const makeOther = async (name: string, run: string, seq: number): Promise<string> => {
      const other = join(dir.path, name, 'warehouse')
      await watch(dir, `duckdb:${other}`).save('acme', runOf(run, 0))
      await commit(other, 'acme', seq)
      return other
    }
    // One after the other, as no two commits may be of one moment.
    const moved = await makeOther('b', 'else', 1)
    const copied = await makeOther('c', 'last', 1)
    const again = await makeOther('d', 'last', 2)
    const tell = async () => {
      const acme = (await look()).get('acme')
      return [acme?.runs[0]?.run_id, acme?.streams[0]?.commits]
    }
    await save('acme', runOf('mine', 0))
    await commit(file, 'acme', 1)
    assert.deepEqual(await tell(), ['mine', 1])
    const { atime, mtime } = statSync(file)
    renameSync(moved, file)
    utimesSync(file, atime, mtime)
    assert.deepEqual(await tell(), ['else', 1])
    copyFileSync(copied, file)
    utimesSync(file, atime, mtime)
    assert.deepEqual(await tell(), ['last', 1])
    copyFileSync(again, file)
    utimesSync(file, atime, mtime)
    assert.deepEqual(await tell(), ['last', 2])
  })

  test('what another process did to one of many connectors is told of that one', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(1))
    const names = Array.from({ length: 30 }, (_, at) => `source-${at}`)
    const file = join(dir.path, 'warehouse.duckdb')
    const { save, look } = watch(dir, `duckdb:${file}`, names)
    for (const name of names.slice(0, 29)) await save(name, runOf(`of-${name}`, 0, { connector: name }))
    const runsOf = async () => Array.from(await look(), ([name, { runs }]) => [name, runs.map(({ run_id }) => run_id)])
    const sorted = names.toSorted()
    assert.deepEqual(
      await runsOf(),
      sorted.map((name) => [name, name === 'source-29' ? [] : [`of-${name}`]]),
    )
    dir.write('source-7.yaml', connectorText(api.url).replace('acme', 'source-7'))
    const env = { HEADRACE_CONNECTORS: dir.path, HEADRACE_DESTINATION: `duckdb:${file}` }
    assert.equal((await runCli(['run', 'source-7'], { env })).code, 0)
    const counts = new Map((await runsOf()).map(([name, ids]) => [name, ids?.length]))
    assert.deepEqual(
      sorted.map((name) => counts.get(name)),
      sorted.map((name) => (name === 'source-7' ? 2 : name === 'source-29' ? 0 : 1)),
    )
    const source = (await look()).get('source-7')
    assert.ok(source?.streams.some(({ commits, state }) => commits > 0 && state === 'ok'))
  })

  test('what a run has committed before it was killed is told, though it has left no record', async () => {
    using dir = makeTempDir()
    const file = join(dir.path, 'warehouse.duckdb')
    const { save, look } = watch(dir, `duckdb:${file}`)
    await save('acme', runOf('first', 0))
    const seqOf = async () => (await look()).get('acme')?.streams.find(({ stream }) => stream === 'orders')?.commits
    assert.equal(await seqOf(), 0)
    await commit(file, 'acme', 1)
    assert.equal(await seqOf(), 1)
    await commit(file, 'acme', 2)
    assert.equal(await seqOf(), 2)
  })

  test('a record that nobody can read is the trouble of its connector alone', async () => {
    using dir = makeTempDir()
    const file = join(dir.path, 'warehouse.duckdb')
    const { save, look } = watch(dir, `duckdb:${file}`, ['acme', 'other'])
    await save('acme', runOf('first', 0))
    await save('other', runOf('second', 0))
    await look()
    await useDatabase(file, `UPDATE target.other._headrace_runs SET record = '{}', finished_at = now()`)
    const found = await look()
    assert.deepEqual([found.get('acme')?.state, found.get('acme')?.runs.length], ['ok', 1])
    assert.equal(found.get('other')?.state, 'failed')
    assert.ok(found.get('other')?.error)
  })

  test('a connector file that expects more has the runs read that it takes to judge it', async () => {
    using dir = makeTempDir()
    const { save, look } = watch(dir, `duckdb:${join(dir.path, 'a.duckdb')}`)
    const none = { streams: [streamRecordOf({ rows: 0 })] }
    await save('acme', ...Array.from({ length: 40 }, (_, at) => runOf(`run-${at}`, 61 + at, none)))
    const stateOf = async () => (await look(20)).get('acme')?.streams.find(({ stream }) => stream === 'orders')?.state
    assert.equal(await stateOf(), 'ok')
    dir.write('acme.yaml', connectorText('http://127.0.0.1:1', 'expect: { every: P1D, min_rows: 1 }\n'))
    assert.equal(await stateOf(), 'empty')
  })

  test('to look changes nothing in the file, not even for a connector that never ran', async () => {
    using dir = makeTempDir()
    const file = join(dir.path, 'warehouse.duckdb')
    const { save, look } = watch(dir, `duckdb:${file}`, ['acme', 'other'])
    await save('acme', runOf('first', 0))
    const before = readFileSync(file)
    assert.equal((await look()).get('other')?.state, 'never')
    assert.deepEqual(readFileSync(file), before)
  })
})
