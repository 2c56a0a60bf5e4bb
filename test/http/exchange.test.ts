import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Dispatcher } from 'undici'
import { exchange } from '../../src/http/exchange.ts'
import { never } from './support.ts'

/** Delivers everything at once, deaf to a pause, as undici does with what it still holds when a connection closes. */
class DeafDispatcher extends Dispatcher {
  override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const controller = {
      aborted: false,
      paused: false,
      reason: null,
      abort: () => {},
      pause: () => {},
      resume: () => {},
    }
    handler.onRequestStart?.(controller, {})
    handler.onResponseStart?.(controller, 103, {})
    handler.onResponseStart?.(controller, 200, { 'x-many': ['a', 'b'] })
    for (const part of ['1', '2', '3']) handler.onResponseData?.(controller, Buffer.from(part))
    handler.onResponseEnd?.(controller, {})
    return true
  }
}

const request = { origin: 'http://127.0.0.1', path: '/', method: 'GET' } as const

test('chunks that come in during a pause are written one after the other, and the end waits for them', async () => {
  const seen: string[] = []
  const result = await exchange(
    new DeafDispatcher(),
    {
      request,
      timeout: 1_000,
      open: (status, headers) => ({
        write: async (chunk) => {
          seen.push(`start ${chunk.toString()}`)
          await new Promise(setImmediate)
          seen.push(`stop ${chunk.toString()}`)
        },
        end: async () => `${status} ${headers['x-many']}`,
        discard: async () => assert.fail('discarded'),
      }),
    },
    never,
  )
  assert.equal(result, '200 a, b')
  assert.deepEqual(seen, ['start 1', 'stop 1', 'start 2', 'stop 2', 'start 3', 'stop 3'])
})

test('a write that fails after the body has ended discards what was kept, once', async () => {
  let discarded = 0
  const work = exchange(
    new DeafDispatcher(),
    {
      request,
      timeout: 1_000,
      open: () => ({
        write: async () => {
          await new Promise(setImmediate)
          throw new Error('disk full')
        },
        end: async () => assert.fail('ended'),
        discard: async () => {
          discarded++
        },
      }),
    },
    never,
  )
  await assert.rejects(work, /disk full/)
  assert.equal(discarded, 1)
})
