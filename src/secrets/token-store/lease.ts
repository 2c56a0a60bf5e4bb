import type { Effects } from '../../base/effects.ts'
import { SyncError } from '../../base/errors.ts'
import { backoff } from '../../base/backoff.ts'
import type { Log } from '../../base/log.ts'
import { type LeaseRecord, type LeaseRecords, type TaggedRecord, formatLeaseRecord } from './backend.ts'

export interface LeaseOptions {
  /** Of the tokens, for messages. */
  readonly name: string
  readonly records: LeaseRecords
  readonly effects: Effects
  readonly log: Log
  /** How long a holder may be silent before it counts as dead, in milliseconds. */
  readonly leaseMs: number
}

/** A lease that this process holds, as far as it knows. */
export interface HeldLease {
  /** As this holder left it. */
  readonly record: LeaseRecord
  /** Looks whether nobody took it over; the next moment may say otherwise. */
  isHeld(signal: AbortSignal): Promise<boolean>
  /**
   * Changes the record and proves thereby that the lease is held: the others count the holder's silence again. Throws
   * `AUTH_UNAVAILABLE` where another process took it, and `SECRET_*` where the store does not answer.
   */
  update(change: (record: LeaseRecord) => LeaseRecord, signal: AbortSignal): Promise<void>
  /** The same with the end of the lease. */
  release(change: (record: LeaseRecord) => LeaseRecord, signal: AbortSignal): Promise<void>
}

/** Another process holds the lease, as this one was silent for too long. */
export function isLeaseLost(thrown: unknown): boolean {
  return thrown instanceof SyncError && thrown.details['lease'] === 'lost'
}

function leaseLost(name: string): SyncError {
  const message = `Another process took over the renewal of the tokens in ${name}, as this one was silent for too long; try again.`
  return new SyncError('AUTH_UNAVAILABLE', message, { details: { lease: 'lost' } })
}

const poll = { base: 100, cap: 1_000 }
/** Swaps and looks for one change of the record, until it is known what became of it. */
const tries = 12

/**
 * Waits until the lease is free or its holder counts as dead, and takes it. Nobody's clock is compared with another's: a
 * holder is dead when its record stayed the same while this process waited `leaseMs`, or when its process is known to
 * live no more. Whoever takes it over does so by compare-and-swap, so that one alone succeeds, and the former holder
 * finds out with its next `update`. Throws `SECRET_*`, `AUTH_UNAVAILABLE` where others hold it for ten leases, `INTERRUPTED`.
 */
export async function acquireLease(options: LeaseOptions, signal: AbortSignal): Promise<HeldLease> {
  const { records, effects, name, log } = options
  const holder = records.nameHolder()
  let watched = ''
  let silent = 0
  let waited = 0
  for (let attempt = 1; ; attempt += 1) {
    throwIfAborted(signal)
    const found = await records.read(signal)
    // An earlier swap went through after all, and its answer was lost.
    if (found.record.holder === holder) return holdLease(found, holder, options)
    const state = `${found.record.holder} ${found.record.beat}`
    if (state !== watched) silent = 0
    watched = state
    const dead = found.record.holder !== undefined && (silent >= options.leaseMs || records.isGone(found.record.holder))
    if (found.record.holder === undefined || dead) {
      const held = await takeLease(found, { holder, options, signal })
      if (held && dead) log.warn({ tokens: name }, 'a process that renewed tokens fell silent; this one takes over')
      if (held) return held
    }
    if (waited > options.leaseMs * 10)
      throw new SyncError(
        'AUTH_UNAVAILABLE',
        `Other processes renew the tokens in ${name} all the time; try again later.`,
      )
    if (attempt === 10) log.info({ tokens: name }, 'waiting for another process that renews these tokens')
    // At least half of the bound, as full jitter would let some ask far too often.
    const ms = backoff(Math.min(attempt, 5), poll, 0.5 + effects.random() / 2)
    await sleep(ms, options, signal)
    silent += ms
    waited += ms
  }
}

interface Taking {
  readonly holder: string
  readonly options: LeaseOptions
  readonly signal: AbortSignal
}

async function takeLease(found: TaggedRecord, { holder, options, signal }: Taking): Promise<HeldLease | undefined> {
  const record = { ...found.record, holder, beat: found.record.beat + 1 }
  try {
    const taken = await options.records.swap(record, found.tag, signal)
    return taken && holdLease(taken, holder, options)
  } catch (thrown) {
    if (!(thrown instanceof SyncError) || !thrown.retry) throw thrown
    // The answer was lost, and the swap perhaps not.
    const now = await options.records.read(signal)
    return now.record.holder === holder ? holdLease(now, holder, options) : undefined
  }
}

function holdLease(taken: TaggedRecord, holder: string, options: LeaseOptions): HeldLease {
  let current = taken

  async function change(to: (record: LeaseRecord) => LeaseRecord, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      const next = { ...to(current.record), beat: current.record.beat + 1 }
      const found = await swapOrLook(next, current.tag, signal)
      if (isSame(found.record, next)) {
        current = found
        return
      }
      // What is older than our own last swap is an answer from a replica that lags behind.
      if (found.record.beat >= current.record.beat) {
        if (found.record.holder !== holder) throw leaseLost(options.name)
        current = found
      }
      await sleep(backoff(attempt, poll, options.effects.random()), options, signal)
    }
    throw new SyncError(
      'SECRET_UNAVAILABLE',
      `The lease of the tokens in ${options.name} could not be changed; try again later.`,
    )
  }

  async function swapOrLook(next: LeaseRecord, tag: string, signal: AbortSignal): Promise<TaggedRecord> {
    try {
      return (await options.records.swap(next, tag, signal)) ?? (await options.records.read(signal))
    } catch (thrown) {
      if (!(thrown instanceof SyncError) || !thrown.retry) throw thrown
      return options.records.read(signal)
    }
  }

  return {
    get record() {
      return current.record
    },
    async isHeld(signal) {
      const { record } = await options.records.read(signal)
      return record.holder === holder || record.beat < current.record.beat
    },
    update: (to, signal) => change((record) => ({ ...to(record), holder }), signal),
    release: (to, signal) => change((record) => ({ ...to(record), holder: undefined }), signal),
  }
}

function isSame(left: LeaseRecord, right: LeaseRecord): boolean {
  return formatLeaseRecord(left) === formatLeaseRecord(right)
}

async function sleep(ms: number, { effects }: LeaseOptions, signal: AbortSignal): Promise<void> {
  try {
    await effects.sleep(ms, signal)
  } catch (cause) {
    throwIfAborted(signal)
    throw cause
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted)
    throw new SyncError('INTERRUPTED', 'The run was told to stop while it waited to renew its tokens.')
}
