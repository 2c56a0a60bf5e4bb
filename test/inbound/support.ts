import { connectorText, makeTempDir, servePages, startApi } from '../cli/support.ts'
import { signInClient } from '../support/people-provider.ts'
import { type Service, startService } from '../triggers/in-process.ts'

export const sessionKey = 'a-key-of-the-session-cookie-of-thirty-two-and-more'

/** A folder with the connector `acme`, and services that serve it. */
export interface Place extends AsyncDisposable {
  start(env: Readonly<Record<string, string>>): Promise<Service>
}

export async function createPlace(): Promise<Place> {
  const dir = makeTempDir()
  const api = await startApi(servePages(1))
  dir.write('acme.yaml', connectorText(api.url))
  dir.write('orders.yaml', connectorText(api.url).replace('name: acme', 'name: orders'))
  return {
    start: (env) =>
      startService({
        HEADRACE_CONNECTORS: dir.path,
        HEADRACE_DESTINATION: `files:${dir.path}/out`,
        HEADRACE_INBOUND: 'none',
        HEADRACE_SIGN_IN_CLIENT_ID: signInClient.client_id,
        HEADRACE_SIGN_IN_CLIENT_SECRET: 'env:CLIENT_SECRET',
        HEADRACE_SIGN_IN_KEY: 'env:SESSION_KEY',
        CLIENT_SECRET: signInClient.client_secret,
        SESSION_KEY: sessionKey,
        ...env,
      }),
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]()
      dir[Symbol.dispose]()
    },
  }
}
