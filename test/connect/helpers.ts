import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { inspect } from 'node:util'
import type { AuthDeps } from '../../src/auth/auth.ts'
import { authorizationCodeConfig } from '../../src/auth/authorization/authorization-code-config.ts'
import type { SavedTokens } from '../../src/secrets/token-store/contract.ts'
import { type ConnectOptions, connectAuthorizationCode } from '../../src/connect/authorization-code.ts'
import type { ConnectUi } from '../../src/connect/browser.ts'
import type { DevicePrompt } from '../../src/connect/device.ts'
import { untilAborted } from '../../src/connect/listener.ts'
import type { Connection } from '../../src/connect/token-grant.ts'
import { SyncError } from '../../src/base/errors.ts'
import { createWorld } from '../auth/helpers.ts'
import { consentClient } from '../support/consent-server.ts'

/** A sign-in under way. */
export interface Attempt {
  /** What the person is asked to open, as soon as that is known. */
  readonly url: Promise<string>
  readonly device: Promise<DevicePrompt>
  readonly result: Promise<Connection>
  /** How it failed. */
  readonly error: Promise<SyncError>
  readonly saved: readonly SavedTokens[]
  readonly notes: readonly string[]
  readonly deps: AuthDeps
  /** Ten minutes go by. */
  timeUp(): void
  /** Ctrl-C. */
  leave(): void
}

export interface AttemptOptions extends Partial<ConnectOptions> {
  /** What is pasted, in order; the function is told the address to open. */
  readonly paste?: readonly ((url: string) => string | Promise<string>)[]
  /** Called with each wait between two polls, in milliseconds. */
  readonly onWait?: (ms: number) => void
}

/** What stands in a connector for the test server: `keys` go before it. */
export function configOf(keys: object): object {
  return {
    type: 'oauth2_authorization_code',
    client_id: consentClient.client_id,
    client_secret: 'env:SECRET',
    scopes: ['openid', 'read'],
    tokens: 'file:tokens.json',
    ...keys,
  }
}

const secrets = { SECRET: consentClient.client_secret }

/** Starts what `headrace connect` does for one method, with a clock that a test turns. */
export function startAttempt(context: TestContext, keys: object, options: AttemptOptions = {}): Attempt {
  const { deps: base, stop } = createWorld(context, secrets)
  const shown = Promise.withResolvers<string>()
  const device = Promise.withResolvers<DevicePrompt>()
  const late = Promise.withResolvers<void>()
  const saved: SavedTokens[] = []
  const notes: string[] = []
  const pastes = [...(options.paste ?? [])]
  let offset = 0
  const deps: AuthDeps = {
    ...base,
    now: () => Date.now() + offset,
    async sleep(ms, signal) {
      signal.throwIfAborted()
      if (ms >= 600_000) return untilAborted(late.promise, signal)
      // So long the last page waits for its browser, by the real clock.
      if (ms === 2_000) return base.sleep(ms, signal).then(() => setTimeout(ms, undefined, { signal }))
      options.onWait?.(ms)
      offset += ms
    },
  }
  const ui: ConnectUi & { readonly showDevice: (prompt: DevicePrompt) => void } = {
    showUrl: (url) => shown.resolve(url),
    showDevice: (prompt) => device.resolve(prompt),
    note: (text) => void notes.push(text),
    readLine: async () => pastes.shift()?.(await shown.promise),
  }
  const config = authorizationCodeConfig.parse(configOf(keys))
  const { mode = 'browser', port } = options
  const result = connectAuthorizationCode(config, {
    connector: 'acme',
    options: { mode, ...(port !== undefined && { port }) },
    ui,
    deps,
    save: async ({ tokens }) => void saved.push(tokens),
  })
  const error = result.then(
    (connection) => assert.fail(`it connected: ${inspect(connection)}`),
    (thrown: unknown) => {
      assert.ok(thrown instanceof SyncError, inspect(thrown))
      return thrown
    },
  )
  // A test looks at one of the two.
  error.catch(() => undefined)
  context.after(() => stop.abort())
  result.catch((thrown: unknown) => shown.reject(thrown))
  shown.promise.catch(() => undefined)
  return {
    url: shown.promise,
    device: device.promise,
    result,
    error,
    saved,
    notes,
    deps,
    timeUp: late.resolve,
    leave: () => stop.abort(),
  }
}

/** Opens the address that a browser was sent to, and follows it to the end as a browser does. */
export async function land(
  url: string,
): Promise<{ readonly status: number; readonly url: string; readonly body: string }> {
  const response = await fetch(url)
  return { status: response.status, url: response.url, body: await response.text() }
}
