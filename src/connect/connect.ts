import type { AuthDeps } from '../auth/auth.ts'
import { openTokens } from '../auth/methods/authorization-code.ts'
import type { AuthConfig } from '../auth/index.ts'
import { settingsOf } from '../auth/authorization/sign-in-settings.ts'
import { createTokenFetch } from '../auth/token/token-fetch.ts'
import type { TokenStore } from '../secrets/token-store/contract.ts'
import type { App } from '../run/app.ts'
import type { Connector } from '../connector/connector.ts'
import { secretRefs } from '../connector/secret-refs.ts'
import { SyncError } from '../base/errors.ts'
import { type Lookup, resolveSecrets } from '../secrets/index.ts'
import type { SecretRef } from '../secrets/ref.ts'
import { openConnections } from '../run/connections.ts'
import { type ConnectContext, type ConnectOptions, connectAuthorizationCode } from './authorization-code.ts'
import { connectOAuth1 } from './oauth1.ts'
import type { Connection } from './token-grant.ts'

/** A method of a connector whose tokens a person's consent brings. */
export type ConsentMethod = Extract<AuthConfig, { type: 'oauth2_authorization_code' | 'oauth1' }> & {
  readonly tokens: SecretRef
}

/** A sign-in that was consented to and saved. */
export interface ConnectedAccount {
  readonly method: ConsentMethod['type']
  /** The provider, for people. */
  readonly label: string
  /** Where the tokens lie: `secret:NAME` or `file:PATH`. */
  readonly store: string
  readonly encrypted: boolean
  /** Whether each renewal is known to replace the tokens, so that a copy of them would soon be of no use. */
  readonly rotates: boolean
  readonly connection: Connection
}

export interface ConnectRun {
  readonly options: ConnectOptions
  readonly ui: ConnectContext['ui']
  /** Stops the waiting. */
  readonly signal: AbortSignal
  /** Stops even the saving of tokens that were given already. */
  readonly hardSignal: AbortSignal
}

/** Every method of the connector and of its streams that needs a consent, each token store once. */
export function listConsents({ auth, streams }: Pick<Connector, 'auth' | 'streams'>): readonly ConsentMethod[] {
  const entries = [...auth, ...streams.flatMap((stream) => stream.auth ?? [])]
  const found = entries.filter(
    (entry): entry is ConsentMethod =>
      entry.type === 'oauth2_authorization_code' || (entry.type === 'oauth1' && entry.tokens !== undefined),
  )
  return found.filter((one, at) => found.findIndex(({ tokens }) => tokens.text === one.tokens.text) === at)
}

/**
 * Asks for every consent that a connector needs, one after the other, and saves what each brings. Throws `REQUEST_INVALID`
 * for a connector that needs none, `AUTH_*`, `SECRET_*`, `CONFIG_INVALID`, `INTERRUPTED`.
 */
export async function connectConnector(
  connector: Connector,
  app: App,
  run: ConnectRun,
): Promise<readonly ConnectedAccount[]> {
  const methods = listConsents(connector)
  if (methods.length === 0)
    throw new SyncError(
      'REQUEST_INVALID',
      `No sign-in of ${connector.file} needs a person's consent: that is for auth of type oauth2_authorization_code, or oauth1 with tokens.`,
    )
  const accounts: ConnectedAccount[] = []
  for (const method of methods) accounts.push(await connectMethod(method, connector, { ...run, app }))
  return accounts
}

async function connectMethod(
  method: ConsentMethod,
  connector: Connector,
  { app, options, ui, signal, hardSignal }: ConnectRun & { readonly app: App },
): Promise<ConnectedAccount> {
  const { effects, redactor, log } = app
  const secret = await lookUpSecrets(method, connector, { app, signal })
  await using connections = openConnections(connector, app, secret)
  const { dispatcher, showCertificate } = connections
  const fetch = createTokenFetch(dispatcher, connector.timeout)
  const deps: AuthDeps = {
    ...effects,
    secret,
    fetch,
    showCertificate,
    redactor,
    signal,
    tokens: app.tokenStore(connector),
    file: connector.file,
    log,
  }
  const store = method.type === 'oauth1' ? deps.tokens(method.tokens) : openTokens(method, deps)
  await checkReadable(store, signal)
  const save = ({ tokens }: Connection): Promise<void> => store.replace(tokens, hardSignal)
  const context: ConnectContext = { connector: connector.name, options, ui, deps, save }
  const connection =
    method.type === 'oauth1' ? await connectOAuth1(method, context) : await connectAuthorizationCode(method, context)
  const settings = method.type === 'oauth1' ? undefined : settingsOf(method)
  return {
    method: method.type,
    label: settings?.label ?? hostOf(method),
    store: store.name,
    encrypted: method.type === 'oauth2_authorization_code' && method.tokens_key !== undefined,
    rotates: settings?.preset?.rotates === true && connection.tokens.refresh_token !== undefined,
    connection,
  }
}

/** Of this one method and no others, as those may not be there yet. */
function lookUpSecrets(
  method: ConsentMethod,
  connector: Connector,
  { app, signal }: { readonly app: App; readonly signal: AbortSignal },
): Promise<Lookup> {
  const streams = connector.streams.map((stream) => ({ ...stream, auth: undefined }))
  const uses = secretRefs({ ...connector, auth: [method], streams })
  return resolveSecrets(uses, app.secretStore(connector), { redactor: app.redactor, signal })
}

/** Before a person is bothered: a store that cannot be reached would have the consent be for nothing. */
async function checkReadable(store: TokenStore, signal: AbortSignal): Promise<void> {
  try {
    await store.read(signal)
  } catch (thrown) {
    // What lies there is of no use, and about to be replaced.
    if (!(thrown instanceof SyncError) || thrown.code !== 'SECRET_MISSING') throw thrown
  }
}

function hostOf(method: ConsentMethod): string {
  return URL.parse(method.authorize_url ?? '')?.host ?? 'the provider'
}
