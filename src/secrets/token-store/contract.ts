/**
 * The outcome of a sign-in that a person consented to, as it lies in the secret store: a JSON object with these keys
 * (RFC 6749 section 5.1 and RFC 5849 section 2.3 where they have a name there).
 */
export interface SavedTokens {
  /** RFC 3339; absent where a person stored the tokens. */
  readonly obtained_at?: string
  readonly refresh_token?: string
  readonly access_token?: string
  /** RFC 3339; of the access token, absent where the provider does not say. */
  readonly expires_at?: string
  /** As granted, with blanks between. */
  readonly scope?: string
  /** OAuth 1.0a. */
  readonly token?: string
  readonly token_secret?: string
}

export interface StoredTokens {
  readonly tokens: SavedTokens
  /** RFC 3339, by the clock of the one who began: since when a renewal of just these tokens has been under way without an end. */
  readonly renewingSince?: string
  /** True where renewals were seen to leave the refresh token as it is: such a provider needs no lease. */
  readonly steady: boolean
}

/**
 * The right to renew one set of tokens, held by one process at a time. `save` and `keep` end it; what is asked of it
 * afterwards, or after another process took it, throws `AUTH_UNAVAILABLE`.
 */
export interface Lease {
  /** What lay in the store when the lease was taken: nobody has changed it since but a person. */
  readonly stored: StoredTokens | undefined
  /**
   * Call before each request that may use up the refresh token: proves that the lease is still held, makes it last for
   * that request, and durably notes that a renewal began, so that a later reader who finds the note and no newer tokens
   * knows that an answer was lost between the provider and the store.
   */
  noteRenewal(): Promise<void>
  /** The provider refused, so nothing was used up: takes the note of this renewal back; an older one stays. */
  clearRenewalMark(): Promise<void>
  /**
   * Durable before it resolves; older versions are disabled afterwards. Tries long. Where it fails for good the tokens stay
   * in this process, and the next `withLease` saves them before anything else; the error says so.
   */
  save(tokens: SavedTokens): Promise<void>
  /** The renewal is over and the refresh token still the same; `surely` where the provider sent none at all. */
  keep(surely: boolean): Promise<void>
}

/** Tokens that outlive a run: one object for one reference. */
export interface TokenStore {
  /** The reference without version and pointer, for messages and commands: `secret:acme-tokens`. */
  readonly name: string
  /** What was saved last, read again each time; undefined where nothing was saved yet. Throws `SECRET_*`. */
  read(signal: AbortSignal): Promise<StoredTokens | undefined>
  /**
   * Saves what `headrace connect` brought, in place of what was there before; makes the secret where it is missing. Throws
   * `SECRET_*`, and `CONFIG_INVALID` where the reference cannot be written to (`env:`, a pinned version).
   */
  replace(tokens: SavedTokens, signal: AbortSignal): Promise<void>
  /** Runs `task` while nobody else, in this process or another, holds the lease of the same tokens. Throws as `replace` does. */
  withLease<Result>(task: (lease: Lease) => Promise<Result>, signal: AbortSignal): Promise<Result>
}
