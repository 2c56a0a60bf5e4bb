declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  /** The few parts of oidc-provider that the tests use; the package brings no types of its own. */
  export default class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>)
    readonly ClientCredentials: { find(token: string): Promise<{ clientId: string; scope?: string } | undefined> }
    on(event: string, listener: (...args: unknown[]) => void): this
    callback(): (request: IncomingMessage, response: ServerResponse) => void
  }
}
