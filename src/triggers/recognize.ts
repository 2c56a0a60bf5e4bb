import type { IncomingHttpHeaders } from 'node:http'
import { isEvent, readBinaryEvent, readStructuredEvent } from './cloud-event.ts'
import type { Delivery } from './delivery.ts'
import { isEnvelope, readEnvelope, readUnwrapped } from './pubsub.ts'
import { parseRunRequest, toRunRequest } from './run-request.ts'

/** Finds out what brought a request. Never throws: what is wrong with it is told by `readRequest`. */
export function recognizeDelivery(headers: IncomingHttpHeaders, body: string): Delivery {
  if (mediaType(headers) === 'application/cloudevents+json') return readStructuredEvent(body)
  if (isEvent(headers)) return readBinaryEvent(headers, body)
  if (headers['x-goog-pubsub-message-id'] !== undefined) return readUnwrapped(headers, body)
  const value = tryParse(body)
  if (isEnvelope(value)) return readEnvelope(value)
  return {
    ...markHttp(headers),
    readRequest: (name) => (value === undefined ? parseRunRequest(body, name) : toRunRequest(value, name)),
  }
}

/** Lower case, without parameters; undefined where none was sent. */
export function mediaType(headers: IncomingHttpHeaders): string | undefined {
  return headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
}

/** Anybody can send these headers: they tell one execution from another, and nothing else is made of them. */
function markHttp(headers: IncomingHttpHeaders): Pick<Delivery, 'trigger' | 'marks' | 'due'> {
  const task = text(headers['x-cloudtasks-taskname'])
  if (task !== undefined)
    return { trigger: 'task', marks: ['task', text(headers['x-cloudtasks-queuename']) ?? '', task] }
  const job = text(headers['x-cloudscheduler-jobname'])
  const time = text(headers['x-cloudscheduler-scheduletime'])
  if (job === undefined || time === undefined) return { trigger: 'http', marks: [] }
  return { trigger: 'http', marks: ['scheduler', job, time], due: Date.parse(time) }
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && header !== '' ? header : undefined
}

function tryParse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    // Whoever reads the request says what is wrong with it.
    return undefined
  }
}
