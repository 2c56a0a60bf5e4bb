import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { StatusReport } from '../../src/status/status-report.ts'
import type { RunRecord } from '../../src/destinations/run-record.ts'
import { type Api, type TempDir, connectorText, makeTempDir, sendJson, servePages, startApi } from '../cli/support.ts'
import { type Pubsub, skipPubsub, startPubsub } from '../support/pubsub/pubsub.ts'
import { type FunctionProcess, startFunction } from './support.ts'

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64')
const retryPolicy = { minimumBackoff: '1s', maximumBackoff: '2s' }

suite('Pub/Sub pushes to the function', { skip: skipPubsub }, () => {
  let pubsub: Pubsub
  let dir: TempDir
  let api: Api
  let service: FunctionProcess
  let failures = 0
  let status = 503

  before(async () => {
    dir = makeTempDir()
    api = await startApi((request, response) => {
      if (failures > 0) {
        failures -= 1
        return sendJson(response, status, { error: 'no' })
      }
      return servePages(2)(request, response)
    })
    dir.write('acme.yaml', connectorText(api.url))
    const env = { HEADRACE_CONNECTORS: dir.path, HEADRACE_DESTINATION: 'files:out' }
    service = await startFunction({ cwd: dir.path, env })
    pubsub = await startPubsub()
  })
  after(async () => {
    await pubsub?.[Symbol.asyncDispose]()
    await service?.[Symbol.asyncDispose]()
    await api?.[Symbol.asyncDispose]()
    dir?.[Symbol.dispose]()
  })

  const runs = async (): Promise<readonly RunRecord[]> => {
    const report = (await (await fetch(`${service.url}/status.json`)).json()) as StatusReport
    return report.connectors[0]?.runs ?? []
  }
  /** Waits until there are so many runs. */
  async function runsUntil(count: number): Promise<readonly RunRecord[]> {
    for (;;) {
      const found = await runs()
      if (found.length >= count) return found
      await setTimeout(50)
    }
  }

  test('a message runs the connector; what its attributes say counts', { timeout: 60_000 }, async () => {
    const publish = await pubsub.wire('plain', service.url, { retryPolicy })
    await publish({ data: base64({ connector: 'acme' }) })
    const [first] = await runsUntil(1)
    assert.deepEqual([first?.trigger, first?.status, first?.streams[0]?.rows], ['pubsub', 'complete', 20])
    await publish({ attributes: { connector: 'acme', limit: '10' } })
    const [second] = await runsUntil(2)
    assert.equal(second?.streams[0]?.pages, 1)
  })

  test(
    'a failure that a later try mends is delivered again, and then is one complete run',
    { timeout: 60_000 },
    async () => {
      const publish = await pubsub.wire('again', service.url, { retryPolicy })
      const before = (await runs()).length
      status = 503
      failures = 2
      await publish({ data: base64({ connector: 'acme' }) })
      const found = (await runsUntil(before + 3)).slice(0, 3)
      assert.deepEqual(
        found.map((run) => run.status),
        ['complete', 'failed', 'failed'],
      )
      assert.equal(new Set(found.map(({ delivery }) => delivery)).size, 1)
    },
  )

  test(
    'a failure that no try mends is acknowledged: the next message is the next run',
    { timeout: 60_000 },
    async () => {
      const publish = await pubsub.wire('never', service.url, { retryPolicy })
      const before = (await runs()).length
      status = 403
      failures = 1
      await publish({ data: base64({ connector: 'acme' }) })
      await runsUntil(before + 1)
      await publish({ data: base64({ connector: 'unknown' }) })
      // As the emulator would deliver the first again before that, were it not acknowledged.
      await setTimeout(2_500)
      await publish({ data: base64({ connector: 'acme' }) })
      const found = (await runsUntil(before + 2)).slice(0, 2)
      assert.deepEqual(
        found.map((run) => run.status),
        ['complete', 'failed'],
      )
      assert.match(service.stderr(), /"severity":"ERROR".*acknowledged without a run.*unknown/)
    },
  )

  test(
    'a message whose answer got lost is delivered again, and its run is not done twice',
    { timeout: 60_000 },
    async () => {
      let deliveries = 0
      const proxy = createServer((request, response) => {
        const chunks: Buffer[] = []
        request.on('data', (chunk: Buffer) => chunks.push(chunk))
        request.on('end', () => {
          fetch(service.url, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: Buffer.concat(chunks),
          })
            .then((answer) => {
              deliveries += 1
              response.writeHead(deliveries === 1 ? 502 : answer.status).end()
            })
            .catch((error: Error) => response.destroy(error))
        })
      }).listen(0, '127.0.0.1')
      await once(proxy, 'listening')
      const before = (await runs()).length
      const { port } = proxy.address() as AddressInfo
      const publish = await pubsub.wire('lost', `http://127.0.0.1:${port}/`, { retryPolicy })
      await publish({ data: base64({ connector: 'acme' }) })
      while (deliveries < 2) await setTimeout(50)
      proxy.closeAllConnections()
      proxy.close()
      assert.equal((await runs()).length, before + 1)
    },
  )

  test('what keeps failing ends in the dead-letter topic', { timeout: 90_000 }, async () => {
    const sink = await pubsub.createSink('dead')
    const deadLetterPolicy = { deadLetterTopic: 'projects/headrace/topics/dead', maxDeliveryAttempts: 5 }
    const publish = await pubsub.wire('hopeless', `${service.url}/nowhere`, { retryPolicy, deadLetterPolicy })
    await publish({ data: base64({ connector: 'acme' }) })
    let dead: readonly string[] = []
    while (dead.length === 0) {
      dead = await sink()
      await setTimeout(100)
    }
    assert.deepEqual(dead, ['{"connector":"acme"}'])
  })
})
