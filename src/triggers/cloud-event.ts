import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { SyncError } from '../base/errors.ts'
import type { RunRequest } from '../destinations/run-request.ts'
import { type Delivery, brokenDelivery } from './delivery.ts'
import { decodeData, isEnvelope, readEnvelope } from './pubsub.ts'
import { parseRunRequest, toRunRequest } from './run-request.ts'

/** The context that a CloudEvent must have (CloudEvents 1.0 section 3.1), and its data; other attributes are let by. */
const cloudEvent = z.object({
  id: z.string().min(1),
  source: z.string().min(1),
  type: z.string().min(1),
  specversion: z.string().optional(),
  data: z.unknown().optional(),
  data_base64: z.string().optional(),
})

/** Whether the headers are those of an event in binary mode (HTTP protocol binding 1.0 section 3.1). */
export const isEvent = (headers: IncomingHttpHeaders): boolean =>
  headers['ce-id'] !== undefined && headers['ce-type'] !== undefined

/** The context is in the headers, the data is the body. */
export function readBinaryEvent(headers: IncomingHttpHeaders, body: string): Delivery {
  const { 'ce-id': id, 'ce-source': source, 'ce-type': type } = headers
  return readEvent({ id, source, type, data: body })
}

/** The body is the event as a whole. */
export function readStructuredEvent(body: string): Delivery {
  try {
    return readEvent(JSON.parse(body))
  } catch (cause) {
    return brokenDelivery('event', [], invalid('The event is not valid JSON.', cause))
  }
}

/** An event as plain data: a run request, a Pub/Sub message around one, or news from a service of Google's. */
export function readEvent(value: unknown): Delivery {
  const { success, data: event, error } = cloudEvent.safeParse(value)
  if (!success) {
    const place = error.issues[0]?.path.map(String).join('.') || 'its top'
    return brokenDelivery('event', [], invalid(`The CloudEvent is broken at ${place}: it needs id, source and type.`))
  }
  const marks = ['event', event.source, event.id]
  let data: unknown
  try {
    data = parseData(event.data_base64 === undefined ? event.data : decodeData(event.data_base64))
  } catch (thrown) {
    return brokenDelivery('event', marks, thrown instanceof SyncError ? thrown : invalid('The data is broken.', thrown))
  }
  if (isEnvelope(data)) return readEnvelope(data, 'event', marks)
  // What happened to an object of Google's (a file, a document) is no run request: the path says which connector it concerns.
  const news = event.type.startsWith('google.')
  return { trigger: 'event', marks, readRequest: (name) => readData(news && name !== undefined ? {} : data, name) }
}

function readData(data: unknown, name: string | undefined): RunRequest {
  return typeof data === 'string' ? parseRunRequest(data, name) : toRunRequest(data ?? {}, name)
}

/** JSON where it is JSON; other text as it is, so that whoever reads it says what is wrong. */
function parseData(data: unknown): unknown {
  const text = data instanceof Uint8Array ? Buffer.from(data).toString('utf8') : data
  if (typeof text !== 'string') return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const invalid = (message: string, cause?: unknown): SyncError => new SyncError('REQUEST_INVALID', message, { cause })
