import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { suite, test } from 'node:test'
import { systemEffects } from '../../src/base/effects.ts'
import { createAdmission } from '../../src/triggers/admission.ts'
import { readBody } from '../../src/triggers/body.ts'
import { connectorText, makeTempDir, servePages, startApi } from '../cli/support.ts'
import { startService } from './in-process.ts'

suite('a flood', () => {
  test('of a thousand calls at once runs a few at a time, and sends the others away with Retry-After; memory stays flat', async () => {
    using dir = makeTempDir()
    let open = 0
    let most = 0
    await using api = await startApi((request, response) => {
      open += 1
      most = Math.max(most, open)
      setTimeout(() => {
        open -= 1
        servePages(1)(request, response)
      }, 20)
    })
    const names = Array.from({ length: 10 }, (_, at) => `c${at}`)
    for (const name of names) dir.write(`${name}.yaml`, connectorText(api.url).replace('name: acme', `name: ${name}`))
    await using service = await startService({
      HEADRACE_CONNECTORS: dir.path,
      HEADRACE_DESTINATION: `files:${dir.path}/out`,
      HEADRACE_RUNS_AT_ONCE: '3',
    })
    const pad = ' '.repeat(200_000)
    const before = process.memoryUsage().rss
    const statuses = new Map<number, number>()
    await Promise.all(
      Array.from({ length: 1000 }, async (_, at) => {
        const response = await fetch(`${service.url}/run/${names[at % names.length]}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-cloudtasks-taskname': `t${at}` },
          body: `{}${pad}`,
        })
        const text = await response.text()
        if (response.status === 429) {
          assert.match(response.headers.get('retry-after') ?? '', /^\d+$/)
          assert.match(text, /TOO_MANY_RUNS/)
        }
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
      }),
    )
    assert.ok(most <= 3, `${most} runs at once`)
    const others = [...statuses.keys()].filter((status) => ![200, 409, 429, 503].includes(status))
    assert.deepEqual(others, [], JSON.stringify([...statuses]))
    assert.ok((statuses.get(200) ?? 0) > 0 && (statuses.get(429) ?? 0) > 0, JSON.stringify([...statuses]))
    const grown = (process.memoryUsage().rss - before) / 1024 / 1024
    // Beside the service the thousand callers themselves live here, with 200 kB each.
    assert.ok(grown < 600, `${grown} MB more`)
    const after = await fetch(`${service.url}/run/c0`, { method: 'POST' })
    assert.equal(after.status, 200, await after.text())
  })

  test('takes a place before it is read, and gives it back once', () => {
    const admission = createAdmission({ running: 1, calls: 2, wait: 10 }, systemEffects)
    const leave = admission.enter()
    admission.enter()
    assert.throws(() => admission.enter(), { code: 'TOO_MANY_RUNS' })
    leave()
    leave()
    admission.enter()
    assert.throws(() => admission.enter(), { code: 'TOO_MANY_RUNS' })
  })

  test('waits for its turn, but not for ever, and not for a process that is being stopped', async () => {
    const stop = new AbortController()
    const slept = Promise.withResolvers<void>()
    const effects = { ...systemEffects, sleep: () => slept.promise }
    const admission = createAdmission({ running: 1, calls: 9, wait: 10 }, effects)
    const leave = await admission.takeTurn(stop.signal)
    const second = admission.takeTurn(stop.signal)
    slept.resolve()
    await assert.rejects(second, { code: 'TOO_MANY_RUNS' })
    leave()
    const next = await createAdmission({ running: 1, calls: 9, wait: 10 }, systemEffects).takeTurn(stop.signal)
    next()
    const full = createAdmission({ running: 1, calls: 9, wait: 1e6 }, systemEffects)
    await full.takeTurn(stop.signal)
    const waiting = full.takeTurn(stop.signal)
    stop.abort()
    await assert.rejects(waiting, { code: 'INTERRUPTED' })
  })
})

suite('a slow or broken client', () => {
  test('whose body does not come gets 408 in one sentence', async () => {
    const read = await readBody(new Readable({ read: () => undefined }), { bytes: 10, time: 5 })
    assert.ok(typeof read !== 'string')
    assert.equal(read.refusal.status, 408)
  })

  test('that goes away in the middle of its body hurts nobody else', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(1))
    dir.write('acme.yaml', connectorText(api.url))
    await using service = await startService({
      HEADRACE_CONNECTORS: dir.path,
      HEADRACE_DESTINATION: `files:${dir.path}/out`,
    })
    const { hostname, port } = new URL(service.url)
    for (let at = 0; at < 100; at += 1) {
      const socket = connect(Number(port), hostname)
      await once(socket, 'connect')
      socket.write('POST /run/acme HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"conn')
      socket.destroy()
    }
    const response = await fetch(`${service.url}/run/acme`, { method: 'POST' })
    assert.equal(response.status, 200, 'all places were given back')
  })

  test('that sends 10 MB, or nests deeply, gets a status and one sentence', async () => {
    using dir = makeTempDir()
    await using service = await startService({ HEADRACE_CONNECTORS: dir.path })
    const post = async (body: string, path = '/'): Promise<readonly [number, string]> => {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(service.url + path, { method: 'POST', headers, body })
      const { error } = (await response.json()) as { error: { code: string; message: string } }
      assert.ok(error.message.length < 500, 'one sentence')
      return [response.status, error.code]
    }
    assert.deepEqual(await post('x'.repeat(10_000_000)), [413, 'REQUEST_INVALID'])
    const deep = 400_000
    for (const body of [
      '['.repeat(deep) + ']'.repeat(deep),
      `{"connector": ${'['.repeat(deep)}${']'.repeat(deep)}}`,
      `{"a":`.repeat(100_000) + '1' + '}'.repeat(100_000),
      `{"message": {"attributes": ${'{"a":'.repeat(90_000)}1${'}'.repeat(90_000)}}}`,
      JSON.stringify({ connector: 'x'.repeat(900_000) }),
      JSON.stringify({ connector: 'acme', streams: Array.from({ length: 100_000 }, () => 1) }),
      JSON.stringify(Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`k${at}`, 1]))),
    ]) {
      const [status] = await post(body)
      assert.ok(status === 400 || status === 200 || status === 404, `${status} ${body.slice(0, 30)}`)
    }
  })
})
