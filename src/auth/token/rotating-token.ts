import { SyncError } from '../../base/errors.ts'
import { retry } from '../../secrets/retry.ts'
import { Secret } from '../../secrets/secret.ts'
import type { AuthDeps } from '../auth.ts'
import { formatTime, readSavedToken } from './saved-token.ts'
import { type TokenFields, isGrantRefusal, liftTokens } from './token-answer.ts'
import { type Token, requestAnswer } from './token-request.ts'
import type { Lease, SavedTokens, StoredTokens, TokenStore } from '../../secrets/token-store/contract.ts'

export interface RotatingTokenOptions {
  readonly store: TokenStore
  /** False where the provider is said never to replace a refresh token: then nothing is leased and nothing written. */
  readonly rotates: boolean
  /** The token endpoint, for messages. */
  readonly url: string
  /**
   * Makes ready what sends the refresh request once (RFC 6749 section 6), with the deps of `renewalDeps`: all that takes
   * time and does not need the refresh token, such as asking an issuer for its endpoints.
   */
  readonly open: () => Promise<(refreshToken: string) => Promise<Response>>
  /** A member of the answer that holds the tokens, where its top holds none. */
  readonly tokenField?: string | undefined
  /** A sentence that says how to get new tokens, with the exact command. */
  readonly remedy: string
}

const limits = { attempts: 3, base: 500, cap: 10_000 }

/** A refresh request has to be over long before the lease is, in milliseconds. */
const requestMs = 30_000

/** The deps for requests that use up a token: what was sent is not broken off by a stop, as its answer would be lost. */
export function renewalDeps(deps: AuthDeps): AuthDeps {
  const limited: typeof fetch = (input, init) => deps.fetch(input, { ...init, signal: AbortSignal.timeout(requestMs) })
  return { ...deps, fetch: limited, signal: new AbortController().signal }
}

/** A refresh token, and what lay beside it. */
interface Renewable {
  readonly refreshToken: string
  readonly stored: StoredTokens
}

/** A refresh token that the provider refused, and its words. */
interface Refusal extends Renewable {
  readonly reason: SyncError
}

/** Tokens that came where none were expected, and are not saved yet. */
interface UnsavedRotation {
  readonly used: string
  readonly tokens: SavedTokens
}

type Outcome = { readonly token: Token } | { readonly refusal: Refusal }

/**
 * Makes a function that gives an access token for the refresh token in the store, for `createTokenAuth`: each call that
 * follows another asks for a newer one. A refresh token that the provider replaced is saved before the access token is
 * used. Of processes that need one at the same time one renews, and the others take what it saved. Throws
 * `RECONNECT_NEEDED` where only a person can help, `AUTH_*`, `SECRET_*`.
 */
export function createRotatingToken(options: RotatingTokenOptions, deps: AuthDeps): () => Promise<Token> {
  const { store, rotates } = options
  const renewal = renewalDeps(deps)
  let lastIssued: string | undefined
  // The saved one that was used already: renewals that leave the refresh token leave it there too, and it gets no better.
  let lastStored: string | undefined
  let unsaved: UnsavedRotation | undefined

  async function obtain(): Promise<Token> {
    if (unsaved) await saveUnsaved(unsaved)
    const stored = addToRedactor(await store.read(deps.signal))
    const saved = findUsable(stored)
    if (saved) return saved
    const first = !rotates || stored?.steady ? await renewFreely(stored) : await renewLeased()
    if ('token' in first) return first.token
    if (!rotates) throw refused(first.refusal)
    const second = await renewLeased(first.refusal)
    if ('token' in second) return second.token
    throw refused(second.refusal)
  }

  /** Without a lease: of a refresh token that stays as it is, any number of processes may make use. */
  async function renewFreely(stored: StoredTokens | undefined): Promise<Outcome> {
    const renewable = requireRefreshToken(stored)
    const { refreshToken } = renewable
    const answer = await ask(refreshToken, async () => {})
    if ('reason' in answer) return { refusal: { ...renewable, reason: answer.reason } }
    const { tokens } = answer
    if (tokens.refresh_token !== undefined && tokens.refresh_token !== refreshToken) {
      if (rotates) await saveUnsaved((unsaved = { used: refreshToken, tokens }))
      else deps.log.warn({ tokens: store.name }, 'the provider sent another refresh token, although rotates is false')
    }
    return { token: answer.read() }
  }

  async function saveUnsaved({ used, tokens }: UnsavedRotation): Promise<void> {
    await store.withLease(async (lease) => {
      if (lease.stored?.tokens.refresh_token === used) await lease.save(tokens)
    }, renewal.signal)
    unsaved = undefined
  }

  /** `before` is what was refused already, and is not tried again. */
  function renewLeased(before?: Refusal): Promise<Outcome> {
    return store.withLease(async (lease) => {
      const stored = addToRedactor(lease.stored)
      const saved = findUsable(stored)
      if (saved) return { token: saved }
      const renewable = requireRefreshToken(stored)
      return before?.refreshToken === renewable.refreshToken ? { refusal: before } : renewOnce(lease, renewable)
    }, deps.signal)
  }

  async function renewOnce(lease: Lease, renewable: Renewable): Promise<Outcome> {
    const { refreshToken, stored } = renewable
    const answer = await ask(refreshToken, () => lease.noteRenewal()).catch(async (thrown: unknown) => {
      // Whoever is refused for another reason has used up nothing.
      if (thrown instanceof SyncError && thrown.details['error'] !== undefined) await lease.clearRenewalMark()
      throw thrown
    })
    if ('reason' in answer) {
      await lease.clearRenewalMark()
      return { refusal: { ...renewable, reason: answer.reason } }
    }
    if (stored.renewingSince !== undefined)
      deps.log.warn(
        { tokens: store.name, since: stored.renewingSince },
        'an earlier renewal of these tokens was broken off; the refresh token is still accepted',
      )
    const { refresh_token: next } = answer.tokens
    if (next === undefined || next === refreshToken) await lease.keep(next === undefined)
    else
      await lease.save({ ...(stored.tokens.scope !== undefined && { scope: stored.tokens.scope }), ...answer.tokens })
    return { token: answer.read() }
  }

  interface Answer {
    readonly tokens: SavedTokens
    /** Throws `AUTH_FAILED` for an access token that is none: what came with it is saved all the same. */
    read(): Token
  }

  /** Asks the provider, and again where it is not to be reached; `before` is done before each request. */
  async function ask(
    refreshToken: string,
    before: () => Promise<void>,
  ): Promise<Answer | { readonly reason: SyncError }> {
    const request = async (): Promise<Answer> => {
      if (deps.signal.aborted)
        throw new SyncError('INTERRUPTED', 'The run was told to stop before it renewed its tokens.')
      const send = await options.open()
      await before()
      const since = deps.now()
      const { fields, token } = await requestAnswer(options.url, () => send(refreshToken), renewal)
      const answer = liftTokens(fields, options.tokenField)
      const access = await token(answer).catch(toError)
      if (access instanceof SyncError && textOf(answer['refresh_token']) === undefined) throw access
      return readAnswer(answer, access, since)
    }
    // A stop ends the wait for another try, which then is not made.
    const sleep = (ms: number): Promise<void> => deps.sleep(ms, deps.signal).catch(() => {})
    try {
      return await retry(request, limits, { effects: { ...renewal, sleep }, signal: renewal.signal })
    } catch (thrown) {
      if (thrown instanceof SyncError && isGrantRefusal(thrown.details['error'])) return { reason: thrown }
      throw thrown
    }
  }

  function readAnswer(answer: TokenFields, access: Token | SyncError, since: number): Answer {
    const refreshToken = textOf(answer['refresh_token'])
    if (refreshToken !== undefined) deps.redactor.addShortLived(new Secret(refreshToken))
    const scope = textOf(answer['scope'])
    const tokens: SavedTokens = {
      obtained_at: formatTime(since),
      ...(refreshToken !== undefined && { refresh_token: refreshToken }),
      ...(scope !== undefined && { scope }),
      ...(!(access instanceof SyncError) && {
        access_token: access.value.reveal(),
        ...(access.lifetime !== undefined && { expires_at: formatTime(since + access.lifetime) }),
      }),
    }
    return {
      tokens,
      read() {
        if (access instanceof SyncError) throw access
        return access
      },
    }
  }

  /** What the cache asks for again it holds for stale, or the API refused it. */
  function findUsable(stored: StoredTokens | undefined): Token | undefined {
    const text = stored?.tokens.access_token
    if (!stored || text === lastIssued || text === lastStored) return undefined
    lastStored = text
    return readSavedToken(stored.tokens, deps.now())
  }

  function addToRedactor(stored: StoredTokens | undefined): StoredTokens | undefined {
    for (const text of [stored?.tokens.refresh_token, stored?.tokens.access_token])
      if (text !== undefined) deps.redactor.addShortLived(new Secret(text))
    return stored
  }

  function requireRefreshToken(stored: StoredTokens | undefined): Renewable {
    const refreshToken = stored?.tokens.refresh_token
    if (stored && refreshToken !== undefined) return { refreshToken, stored }
    throw reconnect(
      stored?.tokens.access_token === undefined
        ? `No tokens are saved in ${store.name} yet`
        : `The access token in ${store.name} is used up, and there is no refresh token beside it`,
    )
  }

  function refused({ reason, stored }: Refusal): SyncError {
    const lost = stored.renewingSince
    const why =
      lost === undefined
        ? ''
        : ` A renewal that began at ${lost} never came to its end, so the token that took its place was lost between the provider and the store.`
    return reconnect(`The refresh token in ${store.name} is no longer accepted: ${reason.message}${why}`, reason)
  }

  function reconnect(what: string, cause?: SyncError): SyncError {
    const message = `${what}${what.endsWith('.') ? '' : '.'} ${options.remedy}`
    return new SyncError('RECONNECT_NEEDED', message, { cause, details: { tokens: store.name } })
  }

  return async () => {
    const token = await obtain()
    lastIssued = token.value.reveal()
    return token
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

function toError(thrown: unknown): SyncError {
  if (thrown instanceof SyncError) return thrown
  throw thrown
}
