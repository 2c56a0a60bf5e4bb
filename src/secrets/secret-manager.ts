import type { SecretManagerServiceClient } from '@google-cloud/secret-manager'
import type { Effects } from '../effects.ts'
import { SyncError } from '../errors.ts'
import { isLoopback } from '../config/loopback.ts'
import { crc32c } from './crc32c.ts'
import type { SecretRef } from './ref.ts'
import { type ResourceName, formatVersionName, parseResourceName } from './resource-name.ts'
import { retry } from './retry.ts'
import { describeSecret, noCredentials, toSecretError } from './secret-manager-error.ts'
import { decodeText } from './text.ts'

export interface SecretManagerOptions {
  /** Of short names; where absent the client finds it out from its credentials. */
  readonly project?: string
  /** Instead of Google's: `http://127.0.0.1:PORT`; called without credentials. */
  readonly endpoint?: string
  readonly effects: Effects
}

/** The text of a secret version, as it is stored. */
export type ReadVersion = (ref: SecretRef, signal: AbortSignal) => Promise<string>

const limits = { attempts: 5, base: 250, cap: 8_000 }
const timeoutMs = 15_000

/**
 * Reads secret versions of Google Cloud Secret Manager. The client is loaded on the first read, in its REST mode, which
 * opens no gRPC channel. Throws `CONFIG_INVALID` at once for an endpoint that is not on this machine.
 */
export function createSecretManager(options: SecretManagerOptions): ReadVersion {
  const endpoint = parseEndpoint(options.endpoint)
  const clients = new Map<string | undefined, Promise<SecretManagerServiceClient>>()

  /** A regional secret is served only by the endpoint of its region. */
  function openClient(location: string | undefined): Promise<SecretManagerServiceClient> {
    const opened = clients.get(location) ?? startClient(endpoint, location)
    clients.set(location, opened)
    return opened
  }

  return async (ref, signal) => {
    const name = parseResourceName(ref)
    const client = await openClient(name.location)
    const project = name.project ?? options.project ?? (await findProject(client, ref, endpoint))
    const full = { ...name, project }
    return retry(() => accessVersion(client, full, signal), limits, { effects: options.effects, signal })
  }
}

function parseEndpoint(text: string | undefined): URL | undefined {
  if (text === undefined || text === '') return undefined
  const url = URL.parse(text) ?? URL.parse(`http://${text}`)
  if (url?.protocol === 'http:' && isLoopback(url) && url.port !== '') return url
  throw new SyncError(
    'CONFIG_INVALID',
    'HEADRACE_SECRET_MANAGER_ENDPOINT leads off this machine: expected http://127.0.0.1:PORT, as secrets would be asked of it unprotected.',
  )
}

/** Waits until the client has its credentials: a call that finds none leaves a rejection behind that ends the process. */
async function startClient(
  endpoint: URL | undefined,
  location: string | undefined,
): Promise<SecretManagerServiceClient> {
  const client = await loadClient(endpoint, location)
  try {
    await client.initialize()
  } catch {
    // Not kept as a cause: it may quote the credential file.
    throw new SyncError('SECRET_FORBIDDEN', `Secret Manager cannot be asked, as ${noCredentials}`)
  }
  return client
}

async function loadClient(
  endpoint: URL | undefined,
  location: string | undefined,
): Promise<SecretManagerServiceClient> {
  const { SecretManagerServiceClient } = await import('@google-cloud/secret-manager')
  const { googleAuthLibrary, loggingUtils } = await import('google-gax')
  // GOOGLE_SDK_NODE_LOGGING would have the client print every answer, and so every secret.
  loggingUtils.setBackend(null)
  if (!endpoint) {
    const apiEndpoint = location === undefined ? {} : { apiEndpoint: `secretmanager.${location}.rep.googleapis.com` }
    return new SecretManagerServiceClient({ fallback: true, ...apiEndpoint })
  }
  return new SecretManagerServiceClient({
    fallback: true,
    protocol: endpoint.protocol.slice(0, -1),
    apiEndpoint: endpoint.hostname,
    port: Number(endpoint.port),
    // Else it would look for Google's metadata server.
    authClient: new googleAuthLibrary.PassThroughClient(),
  })
}

async function findProject(
  client: SecretManagerServiceClient,
  ref: SecretRef,
  endpoint: URL | undefined,
): Promise<string> {
  const message = `No Google Cloud project is known for ${ref.text}; set GOOGLE_CLOUD_PROJECT or write projects/PROJECT/secrets/${ref.name}.`
  if (endpoint) throw new SyncError('SECRET_MISSING', message)
  try {
    return await client.getProjectId()
  } catch (cause) {
    throw new SyncError('SECRET_MISSING', message, { cause })
  }
}

type FullName = ResourceName & { readonly project: string }

async function accessVersion(client: SecretManagerServiceClient, name: FullName, signal: AbortSignal): Promise<string> {
  const payload = await callAccess(client, name, signal)
  const bytes =
    typeof payload?.data === 'string' ? Buffer.from(payload.data, 'base64') : (payload?.data ?? new Uint8Array())
  const expected = payload?.dataCrc32c
  if (expected !== undefined && expected !== null && String(expected) !== String(crc32c(bytes))) {
    throw new SyncError('SECRET_UNAVAILABLE', `${describeSecret(name)} arrived damaged: its checksum does not match.`)
  }
  return decodeText(bytes, describeSecret(name))
}

async function callAccess(client: SecretManagerServiceClient, name: FullName, signal: AbortSignal) {
  try {
    // Its own retries are off: they leave out 500, and their waits know nothing of the run's clock.
    const call = { retry: null, timeout: timeoutMs, signal }
    const [response] = await client.accessSecretVersion({ name: formatVersionName(name) }, call)
    return response.payload
  } catch (thrown) {
    throw toSecretError(thrown, name)
  }
}
