import fc from 'fast-check'
import { deliveryId } from '../../../src/triggers/delivery.ts'
import { recognizeDelivery } from '../../../src/triggers/recognize.ts'
import { defineBoundary } from '../boundary.ts'
import { mutated } from '../mutate.ts'

const wanted = '{"connector":"acme","streams":["orders"],"full_refresh":true,"from":"2026-01-01","until":"2026-02-01"}'
const data = Buffer.from(wanted).toString('base64')
const message = `{"data":"${data}","attributes":{"connector":"acme"},"messageId":"1","orderingKey":"k","publishTime":"2026-01-01T00:00:00Z"}`
const bodies = [
  wanted,
  '{"connector":"acme","budget_seconds":30}',
  `{"message":${message},"subscription":"projects/p/subscriptions/s","deliveryAttempt":2}`,
  `{"id":"1","source":"/x","type":"google.cloud.pubsub.topic.v1.messagePublished","data":{"message":${message}}}`,
  `{"id":"1","source":"/x","type":"t","specversion":"1.0","data_base64":"${data}"}`,
]
const names = [
  'ce-id',
  'ce-type',
  'ce-source',
  'ce-specversion',
  'x-cloudtasks-taskname',
  'x-cloudtasks-taskretrycount',
  'x-cloudscheduler',
  'x-cloudscheduler-jobname',
  'x-cloudscheduler-scheduletime',
  'x-goog-pubsub-message-id',
]
const values = ['1', 'google.cloud.pubsub.topic.v1.messagePublished', '1.0', 'true', 'job', '2026-01-01T00:00:00Z']
const types = ['application/json', 'application/cloudevents+json; charset=utf-8', 'application/octet-stream']

export const deliveries = defineBoundary({
  name: 'deliveries of Pub/Sub, Eventarc, Scheduler, Tasks and other callers',
  runs: 4_000,
  input: fc.record({
    body: mutated(bodies, ['"__proto__":{"x":1},', 'null', '{"message":', '"streams":[]', data]),
    type: mutated(types),
    headers: fc.dictionary(fc.constantFrom(...names), mutated(values), { maxKeys: 5 }),
    name: fc.option(mutated(['acme', '../acme', '%2e']), { nil: undefined }),
  }),
  open:
    () =>
    ({ body, type, headers, name }) => {
      const delivery = recognizeDelivery({ 'content-type': type, ...headers }, body)
      deliveryId(delivery, delivery.readRequest(name), { from: 'a@example.com', now: Date.UTC(2026, 0, 1) })
    },
})
