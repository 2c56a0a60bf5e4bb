/** What the lines of a method in a new connector file are made of. */
export interface ExampleOptions {
  /** Of the connector; secrets are named after it. */
  readonly name: string
  /** Where tokens come from: of every method with `asksTokenUrl`. */
  readonly tokenUrl?: string
  /** oauth2_authorization_code: the name of a provider whose settings are known, instead of the URLs. */
  readonly provider?: string
  /** oauth2_authorization_code: where the browser is sent for consent. */
  readonly authorizeUrl?: string
  /** A reference to a secret of the connector. */
  readonly secret: (what: string) => string
  /** Writes a text as a YAML scalar. */
  readonly quote: (text: string) => string
}

export interface AuthExample {
  /** For a person who is asked what the API wants. */
  readonly label: string
  /** `tokenUrl` must be known. */
  readonly asksTokenUrl?: true
  /** What follows `type`. */
  lines(options: ExampleOptions): readonly string[]
}

export const scopesComment = "# What may be read; the provider's documentation names the scopes."

export const tokenUrlLine = ({ tokenUrl = '', quote }: ExampleOptions): string => `token_url: ${quote(tokenUrl)}`

export const clientLines = ({ secret }: ExampleOptions): readonly string[] => [
  `client_id: ${secret('client-id')}`,
  `client_secret: ${secret('client-secret')}`,
]
