import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { RunRecord } from '../../../src/destinations/run-record.ts'
import type { Harness } from './harness.ts'

export function checkRuns(harness: Harness): void {
  const { name, use, createPlace } = harness
  suite(`${name}: runs`, () => {
    const run = (id: string, started: string, more: Partial<RunRecord> = {}): RunRecord => ({
      run_id: id,
      connector: 'acme',
      trigger: 'cli',
      status: 'complete',
      started_at: started,
      finished_at: started,
      budget_seconds: null,
      streams: [],
      ...more,
    })

    test('runs are listed newest first, as many as asked for', async () => {
      const place = await createPlace()
      const days = ['02', '03', '01'].map((day) => run(`run-${day}`, `2024-05-${day}T00:00:00.123Z`))
      await use(place, async (d) => {
        assert.deepEqual(await d.recentRuns(5), [])
        for (const record of days) await d.saveRun(record)
      })
      const listed = await use(place, (d) => d.recentRuns(2))
      assert.deepEqual(listed, [days[1], days[0]])
    })

    test('a run is found by its id, and runs from a moment on', async () => {
      const place = await createPlace()
      const days = ['01', '02', '03'].map((day) => run(`run-${day}`, `2024-05-${day}T00:00:00.123Z`))
      await use(place, async (d) => {
        for (const record of days) await d.saveRun(record)
        assert.deepEqual(await d.recentRuns(5, { runId: 'run-01' }), [days[0]])
        assert.deepEqual(await d.recentRuns(5, { runId: "it's none" }), [])
        assert.deepEqual(await d.recentRuns(5, { since: '2024-05-02T00:00:00.123Z' }), [days[2], days[1]])
        assert.deepEqual(await d.recentRuns(1, { since: '2024-05-01T02:00:00+02:00' }), [days[2]])
      })
    })

    test('a run that is saved again overwrites itself', async () => {
      const place = await createPlace()
      const failed = run('run-1', '2024-05-01T00:00:00Z', {
        status: 'failed',
        error: { code: 'INTERNAL', message: `it's "x"` },
      })
      await use(place, async (d) => {
        await d.saveRun(run('run-1', '2024-05-01T00:00:00Z'))
        await d.saveRun(failed)
        assert.deepEqual(await d.recentRuns(5), [failed])
      })
    })
  })
}
