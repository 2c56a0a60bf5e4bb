import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { systemEffects } from '../../src/base/effects.ts'
import { SyncError } from '../../src/base/errors.ts'
import { createTaskQueue } from '../../src/run/task-queue.ts'
import { runRequest } from '../../src/destinations/run-request.ts'
import { queueName, skipTasks, startTasks, type TasksEmulator } from '../support/tasks/tasks.ts'

const signal = new AbortController().signal
const effects = systemEffects

const continuation = (seq: number) => ({
  request: runRequest.parse({ connector: 'acme', continues: { run: '7f8b6d0e-30f5-4d7c-9d43-6f3d2b7f3a01', seq } }),
})

const codeOf = (code: string) => (thrown: unknown) => {
  assert.ok(thrown instanceof SyncError)
  assert.equal(thrown.code, code, thrown.message)
  return true
}

suite('the queue of continuations', { skip: skipTasks }, () => {
  let emulator: TasksEmulator
  before(async () => {
    emulator = await startTasks()
  })
  after(() => emulator?.[Symbol.asyncDispose]())

  test('calls the service with the request and a token for it, once however often it is told', async () => {
    const seen: { authorization: string | undefined; task: unknown; body: string }[] = []
    const server = createServer((incoming, response) => {
      let body = ''
      incoming.setEncoding('utf8').on('data', (text: string) => (body += text))
      incoming.on('end', () => {
        const { authorization, 'x-cloudtasks-taskname': task } = incoming.headers
        seen.push({ authorization, task, body })
        response.end()
        server.emit('task')
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const account = 'tasks@local.iam.gserviceaccount.com'
    const queue = createTaskQueue({ queue: queueName, url, account, endpoint: emulator.endpoint, effects })
    try {
      const second = continuation(2)
      const twice = once(server, 'task').then(() => once(server, 'task'))
      await Promise.all([1, 2, 3].map(() => queue.enqueue(continuation(1), signal)))
      await queue.enqueue(second, signal)
      await twice
      await queue.enqueue(continuation(1), signal)
      assert.equal(seen.length, 2)
      const tasks = seen.toSorted((a, b) => String(a.task).localeCompare(String(b.task)))
      assert.deepEqual(JSON.parse(tasks[1]?.body ?? ''), second.request)
      assert.match(String(tasks[0]?.task), /run-7f8b6d0e-30f5-4d7c-9d43-6f3d2b7f3a01-1$/)
      const [, claims = ''] = (tasks[0]?.authorization ?? '').split('.')
      const { aud, email } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>
      assert.deepEqual([aud, email], [url, account])
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })

  test('a queue that does not exist is said, with what to do', async () => {
    const queue = createTaskQueue({
      queue: `${queueName}-missing`,
      url: 'http://127.0.0.1:9',
      endpoint: emulator.endpoint,
      effects: { ...effects, random: () => 0 },
    })
    await assert.rejects(queue.enqueue(continuation(7), signal), (thrown) => {
      assert.match(String(thrown), /there is no such queue; make it/)
      return codeOf('QUEUE_FAILED')(thrown)
    })
  })
})

test('a queue, an address or an endpoint that makes no sense is refused at the start', () => {
  const good = { queue: queueName, url: 'https://headrace.example', effects }
  for (const wrong of [
    { queue: 'headrace' },
    { url: 'http://headrace.example' },
    { url: 'nowhere' },
    { endpoint: 'https://tasks.example:443' },
  ])
    assert.throws(() => createTaskQueue({ ...good, ...wrong }), codeOf('CONFIG_INVALID'))
})
