import type { AuthDeps } from '../auth/auth.ts'
import type { AuthorizationCodeConfig } from '../auth/authorization/authorization-code-config.ts'
import { findServer } from '../auth/token/authorization-server.ts'
import { createClientAuth } from '../auth/token/client-auth.ts'
import { settingsOf } from '../auth/authorization/sign-in-settings.ts'
import { Secret } from '../secrets/secret.ts'
import { type ConnectUi, type PendingConsent, askInBrowser } from './browser.ts'
import { createConsent, isAnswerTo, readConsentAnswer } from './consent.ts'
import { type DevicePrompt, connectDevice } from './device.ts'
import { type SignIn, exchangeCode } from './exchange.ts'
import { type RedirectTarget, choosePlace } from './redirect-target.ts'
import type { Connection } from './token-grant.ts'

/** How the person consents: in a browser on this machine, by pasting an address, or by a code on any device. */
export interface ConnectOptions {
  readonly mode: 'browser' | 'paste' | 'device'
  readonly port?: number
}

/** What one sign-in is given. */
export interface ConnectContext {
  readonly connector: string
  readonly options: ConnectOptions
  readonly ui: ConnectUi & { readonly showDevice: (prompt: DevicePrompt) => void }
  readonly deps: AuthDeps
  /** Durably, before anything is said to have worked. */
  readonly save: (connection: Connection) => Promise<void>
}

/** The first tokens of `oauth2_authorization_code`. Throws `AUTH_*`, `CONFIG_INVALID`, `REQUEST_INVALID`, `INTERRUPTED`. */
export async function connectAuthorizationCode(
  config: AuthorizationCodeConfig,
  context: ConnectContext,
): Promise<Connection> {
  const { connector, options, ui, deps, save } = context
  const settings = settingsOf(config)
  const place = options.mode === 'device' ? undefined : placeOf(settings, options)
  const server = await findServer(settings, deps)
  const client = createClientAuth({ ...config, client_auth: settings.clientAuth }, deps)
  const signIn: SignIn = { settings, server, client }
  if (!place) {
    const connection = await connectDevice(signIn, (prompt) => ui.showDevice(prompt), deps)
    await save(connection)
    return connection
  }
  const begin = async (redirectUrl: string): Promise<PendingConsent> => {
    const consent = createConsent(server, { settings, clientId: client.clientId, redirectUrl }, deps)
    return {
      url: consent.url,
      isAnswer: (query) => isAnswerTo(consent, query),
      async finish(query) {
        const answer = readConsentAnswer(query, { consent, server, settings }, deps)
        for (const text of [consent.verifier, answer.get('code')]) if (text) deps.redactor.add(new Secret(text))
        const connection = await exchangeCode(signIn, { consent, answer }, deps)
        await save(connection)
        return connection
      },
    }
  }
  return askInBrowser({ label: settings.label, connector, place, begin }, ui, deps)
}

function placeOf(settings: ReturnType<typeof settingsOf>, { mode, port }: ConnectOptions): RedirectTarget {
  const { redirect, redirectUrl } = settings
  return choosePlace({
    redirect,
    paste: mode === 'paste',
    ...(redirectUrl !== undefined && { redirectUrl }),
    ...(port !== undefined && { port }),
  })
}
