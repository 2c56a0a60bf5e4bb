import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SyncError } from '../../src/base/errors.ts'
import { deliveryId } from '../../src/triggers/delivery.ts'
import { recognizeDelivery } from '../../src/triggers/recognize.ts'

const base64 = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64')

const push = (message: object, rest: object = {}): string =>
  JSON.stringify({ message: { messageId: '1', ...message }, subscription: 'projects/p/subscriptions/s', ...rest })

/** What a delivery says: its trigger, and its request or the code of the error. */
function read(headers: Record<string, string>, body: string, name?: string): readonly [string, unknown] {
  const delivery = recognizeDelivery(headers, body)
  try {
    return [delivery.trigger, delivery.readRequest(name)]
  } catch (thrown) {
    assert.ok(thrown instanceof SyncError)
    return [delivery.trigger, thrown.code]
  }
}

const acme = { connector: 'acme', full_refresh: false }

suite('a delivery', () => {
  test('is a plain request where the body is one, or there is none', () => {
    assert.deepEqual(read({}, '{"connector": "acme"}'), ['http', acme])
    assert.deepEqual(read({}, '', 'acme'), ['http', acme])
    assert.deepEqual(read({ 'content-type': 'application/octet-stream' }, '{"connector": "acme"}'), ['http', acme])
    assert.deepEqual(read({}, '{"connector": '), ['http', 'REQUEST_INVALID'])
  })

  test('of a task says so', () => {
    assert.deepEqual(read({ 'x-cloudtasks-taskname': 't' }, '{"connector": "acme"}'), ['task', acme])
  })

  test('of a Pub/Sub push has the request in its data', () => {
    const data = base64({ connector: 'acme', streams: ['orders'] })
    const more = { attributes: { kind: 'x' }, publishTime: '2026-01-01T00:00:00Z', orderingKey: 'k', extra: 1 }
    const body = push({ data, ...more }, { deliveryAttempt: 3 })
    assert.deepEqual(read({}, body), ['pubsub', { ...acme, streams: ['orders'] }])
    assert.deepEqual(read({}, push({ data: base64('') }), 'acme'), ['pubsub', acme])
  })

  test('of a Pub/Sub push may name the connector by an attribute, and say the rest by others', () => {
    assert.deepEqual(read({}, push({ attributes: { connector: 'acme', other: 'x' } })), ['pubsub', acme])
    const attributes = {
      connector: 'acme',
      streams: 'orders, items',
      full_refresh: 'true',
      limit: '5',
      budget_seconds: '9.5',
    }
    const wanted = {
      connector: 'acme',
      streams: ['orders', 'items'],
      full_refresh: true,
      limit: 5,
      budget_seconds: 9.5,
    }
    assert.deepEqual(read({}, push({ attributes })), ['pubsub', wanted])
    const range = { connector: 'acme', from: '2026-01-01', until: '2026-02-01' }
    assert.deepEqual(read({}, push({ attributes: range })), ['pubsub', { ...acme, ...range }])
    assert.deepEqual(read({}, push({ attributes: { connector: 'acme' }, data: base64('a new file is there') })), [
      'pubsub',
      acme,
    ])
    assert.deepEqual(read({}, push({ attributes: { connector: 'acme' }, data: base64({ streams: ['orders'] }) })), [
      'pubsub',
      { ...acme, streams: ['orders'] },
    ])
  })

  test('of a Pub/Sub push is refused as one, whatever is wrong with it', () => {
    for (const body of [
      push({ data: '%%%' }),
      push({ data: base64('no json') }),
      push({ data: base64({ connector: '../x' }) }),
      push({ data: base64({ connector: 'acme', unknown: 1 }) }),
      push({ data: Buffer.from([0x7b, 0xff]).toString('base64') }),
      push({ data: 7 }),
      push({ attributes: { connector: 5 } }),
      push({ attributes: { connector: 'acme', full_refresh: 'yes' } }),
      push({ attributes: { connector: 'acme', limit: 'many' } }),
      push({}),
    ])
      assert.deepEqual(read({}, body), ['pubsub', 'REQUEST_INVALID'], body)
  })

  test('of an unwrapped push has the message in its headers', () => {
    const headers = { 'x-goog-pubsub-message-id': '7', 'x-goog-pubsub-subscription-name': 's' }
    assert.deepEqual(read(headers, '{"connector": "acme"}'), ['pubsub', acme])
  })

  const context = { 'ce-id': '1', 'ce-source': '//pubsub.googleapis.com/projects/p/topics/t', 'ce-specversion': '1.0' }
  const published = 'google.cloud.pubsub.topic.v1.messagePublished'

  test('of an event in binary mode has its context in the headers', () => {
    const headers = { ...context, 'ce-type': published, 'content-type': 'application/json' }
    assert.deepEqual(read(headers, push({ data: base64({ connector: 'acme' }) })), ['event', acme])
    assert.deepEqual(read({ ...context, 'ce-type': 'acme.run' }, '{"connector": "acme"}'), ['event', acme])
    assert.deepEqual(read({ ...context, 'ce-type': 'acme.run' }, '', 'acme'), ['event', acme])
  })

  test('of an event in structured mode is one document', () => {
    const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8' }
    const event = { id: '1', source: '/x', type: 'acme.run', specversion: '1.0' }
    const message = JSON.parse(push({ data: base64({ connector: 'acme' }) })) as object
    for (const data of [{ data: { connector: 'acme' } }, { data: '{"connector": "acme"}' }, { data: message }])
      assert.deepEqual(read(headers, JSON.stringify({ ...event, ...data })), ['event', acme])
    assert.deepEqual(read(headers, JSON.stringify({ ...event, data_base64: base64({ connector: 'acme' }) })), [
      'event',
      acme,
    ])
    for (const broken of ['{', '[]', 'null', '{"id": "1"}', JSON.stringify({ ...event, data_base64: '%' })])
      assert.deepEqual(read(headers, broken), ['event', 'REQUEST_INVALID'], broken)
  })

  test('of news from a service of Google runs the connector that the path names', () => {
    const headers = { ...context, 'ce-type': 'google.cloud.storage.object.v1.finalized' }
    assert.deepEqual(read(headers, '{"bucket": "b", "name": "f.csv"}', 'acme'), ['event', acme])
    assert.deepEqual(read(headers, '{"bucket": "b"}'), ['event', 'REQUEST_INVALID'])
  })
})

suite("a delivery's id", () => {
  const now = Date.parse('2026-01-01T12:00:00Z')
  const idOf = (headers: Record<string, string>, body: string, from = 'call@acme.example'): string | undefined => {
    const delivery = recognizeDelivery(headers, body)
    return deliveryId(delivery, delivery.readRequest(), { from, now })
  }
  const scheduler = { 'x-cloudscheduler-jobname': 'j', 'x-cloudscheduler-scheduletime': '2026-01-01T00:00:00Z' }
  const body = '{"connector": "acme"}'

  test('is a UUID, the same for each delivery of one message or execution', () => {
    for (const headers of [scheduler, { 'x-cloudtasks-taskname': 't', 'x-cloudtasks-queuename': 'q' }]) {
      const id = idOf(headers, body) ?? ''
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      assert.equal(idOf(headers, '{ "connector" : "acme", "full_refresh": false }'), id)
    }
    const message = { data: base64({ connector: 'acme' }) }
    assert.equal(idOf({}, push(message)), idOf({}, push(message, { deliveryAttempt: 2 })))
  })

  test('differs between messages, executions, subscriptions, and what they ask for', () => {
    const data = base64({ connector: 'acme' })
    const ids = [
      idOf(scheduler, body),
      idOf({ ...scheduler, 'x-cloudscheduler-scheduletime': '2026-01-01T06:00:00Z' }, body),
      idOf(scheduler, body, 'other@acme.example'),
      idOf({ ...scheduler, 'x-cloudscheduler-jobname': 'k' }, body),
      idOf(scheduler, '{"connector": "other"}'),
      idOf({ 'x-cloudtasks-taskname': 'j' }, body),
      idOf({}, push({ data })),
      idOf({}, push({ data, messageId: '2' })),
      idOf({}, push({ data }, { subscription: 'projects/p/subscriptions/t' })),
      idOf({ 'ce-id': '1', 'ce-source': 's', 'ce-type': 't' }, body),
      idOf({ 'ce-id': '1', 'ce-source': 'r', 'ce-type': 't' }, body),
    ]
    assert.equal(new Set(ids).size, ids.length)
    assert.ok(!ids.includes(undefined))
  })

  test('is absent where the schedule time is far from now, or no time', () => {
    for (const time of ['2026-01-02T00:00:00Z', '2025-12-31T11:00:00Z', '2099-01-01T00:00:00Z', 'soon'])
      assert.equal(idOf({ ...scheduler, 'x-cloudscheduler-scheduletime': time }, body), undefined, time)
  })

  test('is absent where nothing tells one call from another', () => {
    assert.equal(idOf({}, body), undefined)
    assert.equal(idOf({ 'x-cloudscheduler-jobname': 'j' }, body), undefined)
  })
})
