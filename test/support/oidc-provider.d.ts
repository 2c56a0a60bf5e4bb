declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  interface FoundToken {
    readonly clientId: string
    readonly accountId?: string
    readonly scope?: string
  }

  interface Interaction {
    readonly uid: string
    readonly prompt: { readonly name: string }
    readonly params: Readonly<Record<string, string>>
    readonly session?: { readonly accountId: string }
  }

  /** The few parts of oidc-provider that the tests use; the package brings no types of its own. */
  export default class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>)
    readonly ClientCredentials: { find(token: string): Promise<FoundToken | undefined> }
    readonly AccessToken: { find(token: string): Promise<FoundToken | undefined> }
    readonly Client: { find(id: string): Promise<object | undefined> }
    readonly RefreshToken: new (of: {
      readonly accountId: string
      readonly client: object | undefined
      readonly grantId: string
      readonly gty: string
      readonly scope: string
    }) => { save(): Promise<string> }
    readonly Grant: new (of: { readonly accountId: string; readonly clientId: string }) => {
      addOIDCScope(scope: string): void
      rejectOIDCScope(scope: string): void
      save(): Promise<string>
    }
    on(event: string, listener: (...args: unknown[]) => void): this
    callback(): (request: IncomingMessage, response: ServerResponse) => void
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>
  }
}
