/** The settings that one provider wants for the authorization code grant, so that a connector names it and its scopes. */
export interface ProviderPreset {
  /** As it writes itself, for messages. */
  readonly label: string
  /** May hold one place, such as `{tenant}`, which `account` fills. */
  readonly authorizeUrl: string
  readonly tokenUrl: string
  /** RFC 8628; absent where the provider has no such endpoint. */
  readonly deviceUrl?: string
  /** Of RFC 9207, where it is known to stand in the provider's answers. */
  readonly issuer?: string
  /** What the URLs need to be told about whose account it is. */
  readonly account?: AccountKey
  /** How a client with a secret says who it is. */
  readonly clientAuth: 'basic' | 'post'
  /** Whether a code challenge (RFC 7636) may be sent: some providers refuse words that they do not know. */
  readonly pkce: boolean
  readonly redirect: RedirectRule
  /** Whether each renewal brings another refresh token. */
  readonly rotates: boolean
  readonly scopeSeparator?: ' ' | ','
  /** Asked for beside those of the connector, as without them no refresh token comes. */
  readonly scopes?: readonly string[]
  /** Of the scopes asked for: never named in the answer, though granted. */
  readonly unnamedScopes?: readonly string[]
  /** Whether `granted` contains `asked` though it is written otherwise. */
  readonly covers?: (granted: string, asked: string) => boolean
  /** Further parameters of the authorization request. */
  readonly extra?: Readonly<Record<string, string>>
  /** Further parameters of the token request that brings the code. */
  readonly tokenExtra?: Readonly<Record<string, string>>
  /** A member of the token answer that holds the tokens, where the answer has none at its top. */
  readonly tokenField?: string
  /** Where the API wants the token, if not as `Authorization: Bearer`; the name in lower case. */
  readonly header?: { readonly name: string; readonly prefix: string }
  /** Members of the token answer (`team.name`) and of the redirect that a connector's author wants to know. */
  readonly facts?: readonly string[]
}

/** Where the browser may be sent with the code. */
export interface RedirectRule {
  /**
   * `any_port`: a loopback address at whatever port is free (RFC 8252 section 7.3). `registered`: a loopback address,
   * but just the one that is registered. `https_only`: no loopback address over http, so that the code is pasted.
   */
  readonly kind: 'any_port' | 'registered' | 'https_only'
  readonly host: '127.0.0.1' | 'localhost'
}

export interface AccountKey {
  readonly key: 'tenant' | 'domain' | 'shop'
  readonly default?: string
  readonly pattern: RegExp
  /** For the message about one that does not fit. */
  readonly expected: string
  /** What stands in the URLs, of what stands in the connector. */
  readonly fill?: (value: string) => string
}
