import type { Lease, SavedTokens, StoredTokens, TokenStore } from './contract.ts'
import type { Effects } from '../../base/effects.ts'
import { SyncError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { type HeldLease, acquireLease, isLeaseLost } from './lease.ts'
import { retry } from '../retry.ts'
import type { LeaseRecord, StoredText, TokenBackend } from './backend.ts'
import { type TokenFormat, emptyFormat, parseTokens, replacingFormat } from './text.ts'

export interface BackedStoreOptions {
  readonly effects: Effects
  readonly log: Log
  /** How long a holder may be silent before it counts as dead, in milliseconds. */
  readonly leaseMs: number
  /** Of the refresh token in a JSON secret. */
  readonly pointer: string | undefined
}

/** What a provider must have been seen to do before it counts as one that leaves the refresh token as it is, in milliseconds. */
const steadyMs = 3 * 24 * 60 * 60 * 1_000

/** A token that the provider gave is worth a long wait: about a minute and a half in all. */
const saveLimits = { attempts: 14, base: 250, cap: 16_000 }

/** What was read, in all its forms. */
interface Reading {
  /** Undefined where there is nothing yet. */
  readonly revision: string | undefined
  readonly format: TokenFormat
}

/** Tokens that could not be saved, and the revision that they come after. */
interface Unsaved {
  readonly tokens: SavedTokens
  readonly after: string | undefined
}

/** The store of tokens that lie in `backend`. */
export function createBackedStore(backend: TokenBackend, options: BackedStoreOptions): TokenStore {
  const { effects, log, pointer } = options
  const { name, records, text } = backend
  let unsaved: Unsaved | undefined
  let mayWrite = false
  /** What was saved last, for a text that has no place for an access token. */
  let saved: { readonly revision: string; readonly tokens: SavedTokens } | undefined

  async function readTokens(record: LeaseRecord, signal: AbortSignal): Promise<Reading> {
    const found: StoredText | undefined = await text.read(signal, record.revision)
    const format = found ? parseTokens(found.text, pointer, name) : emptyFormat(pointer, name)
    return { revision: found?.revision, format }
  }

  function toStored({ format, revision }: Reading, record: LeaseRecord): StoredTokens | undefined {
    if (revision === undefined) return undefined
    const since = record.steady === undefined ? Number.NaN : Date.parse(record.steady)
    return {
      tokens: saved?.revision === revision ? { ...saved.tokens, ...format.tokens } : format.tokens,
      steady: effects.now() - since >= steadyMs,
      ...(record.renewing?.revision === revision && { renewingSince: record.renewing.since }),
    }
  }

  /** One process at a time, and one task of a process. */
  async function hold<Result>(task: (held: HeldLease) => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const held = await acquireLease({ ...options, name, records }, signal)
    try {
      // Before the provider is asked for what could then not be saved.
      if (!mayWrite) await text.checkWritable(signal)
      mayWrite = true
      return await task(held)
    } finally {
      if (held.record.holder !== undefined) await letGo(held)
    }
  }

  async function letGo(held: HeldLease): Promise<void> {
    try {
      await held.release((record) => record, never())
    } catch (thrown) {
      // Others wait until it counts as dead; the task itself is done.
      if (!isLeaseLost(thrown)) log.warn({ tokens: name, reason: wordsOf(thrown) }, 'a lease could not be given back')
    }
  }

  /** Writes tokens that come after `reading`, and makes them the ones that count. The lease is over afterwards. */
  async function save(tokens: SavedTokens, reading: Reading, held: HeldLease): Promise<void> {
    const next = reading.format.format(tokens)
    let holding: HeldLease | undefined = held
    const write = async (): Promise<string | undefined> => {
      if (!(await holding?.isHeld(never()))) holding = await holdAgain(reading.revision)
      return holding && (await text.write(next, never()))
    }
    const revision = await retry(write, saveLimits, { effects, signal: never() })
    if (revision === undefined) throw beaten()
    const change = (record: LeaseRecord): LeaseRecord => ({
      ...record,
      revision,
      first: record.first ?? revision,
      renewing: undefined,
      steady: undefined,
    })
    await commit(change, { held: holding, revision })
    saved = { revision, tokens }
    await tidy(holding.record)
  }

  /** The tokens are written; what is left is to say that these count, and to end the lease. */
  async function commit(
    change: (record: LeaseRecord) => LeaseRecord,
    { held, revision }: { held: HeldLease; revision: string },
  ): Promise<void> {
    const { revision: before } = held.record
    try {
      await held.release(change, never())
    } catch (thrown) {
      if (isLeaseLost(thrown)) {
        const again = await acquireLease({ ...options, name, records }, never())
        const { revision: newest } = again.record
        // An earlier try of ours may have gone through unseen.
        if (newest === undefined || newest === before || newest === revision) return again.release(change, never())
        await letGo(again)
        await text.discard(revision, never())
        throw beaten()
      }
      // The newest text counts also where the record does not know of it.
      log.warn({ tokens: name, reason: wordsOf(thrown) }, 'renewed tokens were saved, but their lease was not ended')
    }
  }

  /**
   * Another process took the lease: what this one has to save is still good, unless the other saved something newer. Then
   * undefined.
   */
  async function holdAgain(before: string | undefined): Promise<HeldLease | undefined> {
    const again = await acquireLease({ ...options, name, records }, never())
    const { revision } = await readTokens(again.record, never())
    if (revision === before) return again
    await letGo(again)
    return undefined
  }

  function beaten(): SyncError {
    const message = `Another process renewed the tokens in ${name} meanwhile; try again.`
    return new SyncError('AUTH_UNAVAILABLE', message, { details: { beaten: true } })
  }

  async function tidy({ revision, first }: LeaseRecord): Promise<void> {
    if (revision === undefined || first === undefined) return
    try {
      await text.tidy(revision, first, never())
    } catch (thrown) {
      log.warn({ tokens: name, reason: wordsOf(thrown) }, 'versions of tokens that are used up were not put away')
    }
  }

  /** Saves, or keeps the tokens in memory and says so. */
  async function saveOrKeep(tokens: SavedTokens, reading: Reading, held: HeldLease): Promise<void> {
    try {
      await save(tokens, reading, held)
      unsaved = undefined
    } catch (thrown) {
      if (!(thrown instanceof SyncError) || thrown.details['beaten'] === true) throw thrown
      unsaved = { tokens, after: reading.revision }
      log.error({ tokens: name, reason: thrown.message }, 'renewed tokens could not be saved and are in memory only')
      throw new SyncError(
        thrown.retry ? 'AUTH_UNAVAILABLE' : thrown.code,
        `The provider renewed the tokens in ${name}, but they could not be saved; they stay in the memory of this process, and the next try in it saves them: ${thrown.message}`,
        { details: { tokens: name, reason: thrown.code } },
      )
    }
  }

  async function withLease<Result>(task: (lease: Lease) => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const flushed = unsaved
    if (flushed) {
      await hold(async (held) => {
        const reading = await readTokens(held.record, signal)
        // Somebody stored newer ones: ours are used up.
        if (reading.revision === flushed.after) await saveOrKeep(flushed.tokens, reading, held)
        else unsaved = undefined
      }, signal)
    }
    return hold(async (held) => {
      const reading = await readTokens(held.record, signal)
      return task(createLease(held, reading))
    }, signal)
  }

  function createLease(held: HeldLease, reading: Reading): Lease {
    const stored = toStored(reading, held.record)
    const { revision } = reading
    const before = held.record.renewing
    return {
      stored,
      async noteRenewal() {
        if (revision === undefined) return
        const since = stored?.renewingSince ?? new Date(effects.now()).toISOString()
        await held.update((record) => ({ ...record, renewing: { revision, since } }), never())
      },
      clearRenewalMark: () => held.update((record) => ({ ...record, renewing: before }), never()),
      save: (tokens) => saveOrKeep(tokens, reading, held),
      async keep(surely) {
        const steady = surely ? new Date(0) : new Date(effects.now())
        await held.release(
          (record) => ({
            ...record,
            renewing: undefined,
            steady: surely ? steady.toISOString() : (record.steady ?? steady.toISOString()),
          }),
          never(),
        )
      },
    }
  }

  return {
    name,
    withLease,
    async read(signal) {
      const { record } = await records.read(signal).catch((thrown: unknown) => {
        // Who may only read the secret can use what lies there, as long as nothing is to be renewed.
        if (thrown instanceof SyncError && ['SECRET_FORBIDDEN', 'SECRET_MISSING'].includes(thrown.code))
          return { record: { beat: 0 } }
        throw thrown
      })
      return toStored(await readTokens(record, signal), record)
    },
    async replace(tokens, signal) {
      await backend.create(signal)
      unsaved = undefined
      await hold(async (held) => {
        const found = await text.read(signal, held.record.revision)
        await save(tokens, { revision: found?.revision, format: replacingFormat(found?.text, pointer, name) }, held)
      }, signal)
    },
  }
}

/** What must not be broken off: a token that is given out and not saved is lost. All of it ends by itself. */
const never = (): AbortSignal => new AbortController().signal

const wordsOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))
