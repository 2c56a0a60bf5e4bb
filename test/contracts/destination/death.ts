import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { suite, test } from 'node:test'
import { createPlan } from '../../destinations/batch.ts'
import { createDir } from '../../destinations/place.ts'
import type { Harness } from './harness.ts'

export function checkDeath(harness: Harness): void {
  const { name, use, readIds, createPlace } = harness
  suite(`${name}: death`, { skip: harness.kills === 0 && 'no process of its own can reach the place' }, () => {
    for (const write of harness.updates ? (['append', 'merge', 'scd2'] as const) : (['append'] as const)) {
      const plan = { write, primaryKey: write === 'append' ? [] : ['id'] }
      test(`after kill -9 at random moments rows and position agree (${write})`, async () => {
        const place = await createPlace()
        for (let kill = 0; kill < harness.kills; kill += 1) {
          await killWhileAppending(place, write, Math.random() * 300)
          const { seq, checkpoint } = await use(place, async (d) => {
            await using writer = await d.openTable(createPlan({ ...plan, position: await d.readPosition('orders') }))
            assert.ok(writer)
            return d.readPosition('orders')
          })
          assert.deepEqual(checkpoint, { done: seq === 0 ? null : seq })
          const ids = await readIds(place)
          assert.deepEqual(
            ids,
            Array.from({ length: seq * 50 }, (_, at) => at),
          )
        }
      })
    }
  })
}

async function killWhileAppending(place: string, write: string, delay: number): Promise<void> {
  const script = fileURLToPath(new URL('../../destinations/append-loop.ts', import.meta.url))
  const child = spawn(process.execPath, [script, place, write], {
    // What a killed process leaves in its temporary folder goes with the tests.
    env: { ...process.env, TMPDIR: await createDir() },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  await Promise.race([
    once(child.stdout, 'data'),
    closed.then(() => Promise.reject(new Error('the process ended by itself'))),
  ])
  const timer = setTimeout(() => child.kill('SIGKILL'), delay)
  const [, signal] = (await closed) as [number | null, string | null]
  clearTimeout(timer)
  assert.equal(signal, 'SIGKILL', 'the process ended by itself')
}
