import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { SyncError } from '../base/errors.ts'
import type { Trigger } from '../destinations/run-record.ts'
import type { RunRequest } from '../destinations/run-request.ts'
import { type Delivery, brokenDelivery } from './delivery.ts'
import { parseRunRequest, toRunRequest } from './run-request.ts'

/** What a push subscription sends (PubsubMessage and PushConfig of the Pub/Sub API reference); other keys are let by. */
const envelope = z.object({
  message: z.object({
    data: z.string().optional(),
    attributes: z.record(z.string(), z.string()).nullish(),
    messageId: z.string().optional(),
    message_id: z.string().optional(),
    orderingKey: z.string().optional(),
  }),
  subscription: z.string().optional(),
  deliveryAttempt: z.int().optional(),
})

type Message = z.output<typeof envelope>['message']

/** A push envelope is an object with a message in it, and no run request. */
export const isEnvelope = (value: unknown): value is { readonly message: object } =>
  typeof value === 'object' &&
  value !== null &&
  'message' in value &&
  typeof value.message === 'object' &&
  value.message !== null &&
  !('connector' in value)

/** A push envelope, or the same inside an event: then `marks` are the event's own. */
export function readEnvelope(value: unknown, trigger: Trigger = 'pubsub', marks?: readonly string[]): Delivery {
  const { success, data, error } = envelope.safeParse(value)
  if (!success) {
    const place = error.issues[0]?.path.map(String).join('.') ?? ''
    return brokenDelivery(trigger, marks ?? [], invalid(`The Pub/Sub envelope is broken at ${place}.`))
  }
  const { message, subscription } = data
  const id = message.messageId ?? message.message_id
  return {
    trigger,
    marks: marks ?? (id === undefined ? [] : ['pubsub', subscription ?? '', id]),
    readRequest: (name) => readMessage(message, name),
  }
}

/** A push without an envelope (`--push-no-wrapper --push-no-wrapper-write-metadata`): the data is the body. */
export function readUnwrapped(headers: IncomingHttpHeaders, body: string): Delivery {
  const subscription = String(headers['x-goog-pubsub-subscription-name'] ?? '')
  return {
    trigger: 'pubsub',
    marks: ['pubsub', subscription, String(headers['x-goog-pubsub-message-id'])],
    readRequest: (name) => parseRunRequest(body, name),
  }
}

/**
 * The data is a run request. Where the attribute `connector` names one, the other attributes may say the rest, and the data
 * may be absent or no JSON object at all, as whoever published it may have had others in mind.
 */
function readMessage({ data = '', attributes }: Message, name: string | undefined): RunRequest {
  const text = decodeData(data)
  if (attributes?.['connector'] === undefined) return parseRunRequest(text, name)
  const wanted = readAttributes(attributes)
  const value = parseObject(text)
  return toRunRequest(value === undefined ? wanted : { ...wanted, ...value }, name)
}

const truths: Readonly<Record<string, boolean>> = { true: true, false: false }

/** Attributes are text; what is none of these is left to the others who read the message. */
function readAttributes(attributes: Readonly<Record<string, string>>): Record<string, unknown> {
  const { connector, streams, full_refresh: refresh, from, until, limit, budget_seconds: budget } = attributes
  return {
    connector,
    ...(streams !== undefined && { streams: streams.split(',').map((stream) => stream.trim()) }),
    ...(refresh !== undefined && { full_refresh: truths[refresh] ?? refresh }),
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
    ...(limit !== undefined && { limit: Number(limit) }),
    ...(budget !== undefined && { budget_seconds: Number(budget) }),
  }
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Base64 to UTF-8. Throws `REQUEST_INVALID`. */
export function decodeData(data: string): string {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(data)) throw invalid("The message's data is not base64.")
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(data, 'base64'))
  } catch (cause) {
    throw invalid("The message's data is not valid UTF-8: publish JSON.", cause)
  }
}

const invalid = (message: string, cause?: unknown): SyncError => new SyncError('REQUEST_INVALID', message, { cause })
