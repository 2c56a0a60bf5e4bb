import { createHash } from 'node:crypto'
import type { SyncError } from '../base/errors.ts'
import type { Trigger } from '../destinations/run-record.ts'
import type { RunRequest } from '../destinations/run-request.ts'

/** One arrival of a wish for a run: what brought it, and what it says. */
export interface Delivery {
  readonly trigger: Trigger
  /** Tells this message or execution from every other, however often it is delivered; empty where nothing does. */
  readonly marks: readonly string[]
  /** When a schedule wanted it (milliseconds since 1970), where a header says so. */
  readonly due?: number
  /** `name` is the connector of `POST /run/NAME`. Throws `REQUEST_INVALID`. */
  readRequest(name?: string): RunRequest
}

/** Queues deliver what is not acknowledged again and again, so what cannot get better is acknowledged. */
export const acknowledges = ({ trigger }: Pick<Delivery, 'trigger'>): boolean =>
  trigger === 'pubsub' || trigger === 'event' || trigger === 'task'

/** Who delivers, and when. */
export interface Arrival {
  /** The account, as far as it is known. */
  readonly from: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/** Cloud Scheduler tries an execution again for minutes, not for days, and never before its time. */
const maxAge = 86_400_000
const maxSkew = 300_000

/**
 * A UUID (version 8, RFC 9562 section 5.8) that is the same for every delivery of one message with one request by one
 * account; undefined where nothing tells the message. Anybody who may run a connector can invent a message: the account
 * counts, so that the genuine one is not taken for it. The request counts, as names of jobs are unique in one region only.
 */
export function deliveryId(
  { marks, due }: Pick<Delivery, 'marks' | 'due'>,
  request: RunRequest,
  { from, now }: Arrival,
): string | undefined {
  if (marks.length === 0 || (due !== undefined && !(due > now - maxAge && due < now + maxSkew))) return undefined
  const hash = createHash('sha256').update(JSON.stringify([from, marks, sortKeys(request)]))
  const bytes = hash.digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

const sortKeys = (request: RunRequest): unknown =>
  Object.entries(request)
    .filter(([, value]) => value !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))

/** A delivery that says nothing: `reason` is thrown when its request is read. */
export function brokenDelivery(trigger: Trigger, marks: readonly string[], reason: SyncError): Delivery {
  return {
    trigger,
    marks,
    readRequest: () => {
      throw reason
    },
  }
}
