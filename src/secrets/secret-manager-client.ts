import type { SecretManagerServiceClient } from '@google-cloud/secret-manager'
import { parseLocalEndpoint } from '../syntax/loopback.ts'
import { SyncError } from '../base/errors.ts'
import type { SecretRef } from './ref.ts'
import { type FullName, parseResourceName } from './resource-name.ts'
import { noCredentials } from './secret-manager-error.ts'

export interface SecretManagerOptions {
  /** Of short names; where absent the client finds it out from its credentials. */
  readonly project?: string
  /** Instead of Google's: `http://127.0.0.1:PORT`; called without credentials. */
  readonly endpoint?: string
}

/** The client to ask for a secret, and its full name. Throws `CONFIG_INVALID` for no name, `SECRET_*`. */
export type OpenSecret = (ref: SecretRef) => Promise<OpenedSecret>

export interface OpenedSecret {
  readonly client: SecretManagerServiceClient
  readonly name: FullName
}

/**
 * Clients of Google Cloud Secret Manager, one for each region that is asked for. A client is loaded with the first secret,
 * in its REST mode, which opens no gRPC channel. Throws `CONFIG_INVALID` at once for an endpoint that is not on this machine.
 */
export function openSecretManager(options: SecretManagerOptions): OpenSecret {
  const endpoint = parseLocalEndpoint('HEADRACE_SECRET_MANAGER_ENDPOINT', options.endpoint)
  const clients = new Map<string | undefined, Promise<SecretManagerServiceClient>>()

  /** A regional secret is served only by the endpoint of its region. */
  function openClient(location: string | undefined): Promise<SecretManagerServiceClient> {
    const known = clients.get(location)
    if (known) return known
    const opened = startClient(endpoint, location)
    clients.set(location, opened)
    // Credentials that cannot be had now may be there for the next one who asks.
    opened.catch(() => clients.delete(location))
    return opened
  }

  return async (ref) => {
    const name = parseResourceName(ref)
    const client = await openClient(name.location)
    const project = name.project ?? options.project ?? (await findProject(client, ref, endpoint))
    return { client, name: { ...name, project } }
  }
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
