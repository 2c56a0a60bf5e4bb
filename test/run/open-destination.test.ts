import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadConnector } from '../../src/connector/load.ts'
import { systemEffects } from '../../src/base/effects.ts'
import { openForRun } from '../../src/run/open-destination.ts'
import { connectorText, makeTempDir } from '../cli/support.ts'
import { createAppAt } from '../status/support.ts'

suite('a file that another process has open', () => {
  test('is opened once that has left it', async () => {
    await withHolder(async (holder, open) => {
      let waits = 0
      const sleep = async () => {
        waits++
        if (holder.kill('SIGKILL')) await once(holder, 'close')
      }
      await using _destination = await open({ sleep })
      assert.equal(waits, 1)
    })
  })

  test('is busy for a run that has waited two seconds', async () => {
    await withHolder(async (_, open) => {
      let waited = 0
      const sleep = async (ms: number) => void (waited += ms)
      await assert.rejects(open({ sleep }), { code: 'DESTINATION_BUSY' })
      assert.equal(waited, 2_000)
    })
  })

  test('is busy at once for a run that is told to stop', async () => {
    await withHolder(async (_, open) => {
      const stop = new AbortController()
      let waits = 0
      const sleep = (ms: number, signal: AbortSignal) => {
        waits++
        stop.abort()
        return systemEffects.sleep(ms, signal)
      }
      await assert.rejects(open({ sleep, signal: stop.signal }), { code: 'DESTINATION_BUSY' })
      assert.equal(waits, 1)
    })
  })
})

interface Waiting {
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  readonly signal?: AbortSignal
}

async function withHolder(
  task: (holder: ChildProcess, open: (waiting: Waiting) => ReturnType<typeof openForRun>) => Promise<void>,
): Promise<void> {
  using dir = makeTempDir()
  const spec = `duckdb:${dir.path}/a.duckdb`
  const connector = await loadConnector(dir.write('acme.yaml', connectorText('http://127.0.0.1:1')))
  const app = createAppAt(Date.now(), { dir: dir.path })
  const script = fileURLToPath(new URL('../destinations/append-loop.ts', import.meta.url))
  const holder = spawn(process.execPath, [script, spec], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(holder.stdout, 'data')
    await task(holder, ({ sleep, signal = new AbortController().signal }) =>
      openForRun({ ...app, effects: { ...app.effects, sleep } }, connector, { spec, signal }),
    )
  } finally {
    if (holder.kill('SIGKILL')) await once(holder, 'close')
  }
}
