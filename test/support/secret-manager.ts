import { createHash } from 'node:crypto'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { crc32c } from '../../src/secrets/crc32c.ts'

/** What a version is like; a destroyed one has lost its data. */
type State = 'ENABLED' | 'DISABLED' | 'DESTROYED'

interface Version {
  state: State
  data: Buffer
}

interface StoredSecret {
  readonly versions: Version[]
  labels: Record<string, string>
  revision: number
}

/** An answer in place of the real one: Google's error form, or any bytes. */
export interface Fault {
  readonly status: number
  /** The name of the google.rpc.Code; a plain text body where absent. */
  readonly reason?: string
  readonly message?: string
  /** Breaks the connection instead of answering. */
  readonly broken?: boolean
  /** Sends the payload with one bit turned. */
  readonly damaged?: boolean
}

export interface SecretManagerServer extends AsyncDisposable {
  readonly endpoint: string
  /** `METHOD path` of each request, in order. */
  readonly requests: string[]
  /** Answers of the requests to come, in order; then the real ones again. */
  readonly faults: Fault[]
  /** Adds a version, and the secret if need be. `name` is `projects/P/secrets/N`, with a location or not. */
  add(name: string, data: string | Buffer): void
  /** Paths of secrets for which the caller lacks the role. */
  readonly forbidden: Set<string>
}

class ApiFault extends Error {
  readonly status: number
  readonly reason: string

  constructor(status: number, reason: string, message: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
}

/** Secret Manager's REST face as far as headrace uses it, on loopback: secrets, versions, states, checksums, etags. */
export async function startSecretManager(): Promise<SecretManagerServer> {
  const secrets = new Map<string, StoredSecret>()
  const requests: string[] = []
  const faults: Fault[] = []
  const forbidden = new Set<string>()
  const add = (name: string, data: string | Buffer) => {
    const secret = secrets.get(name) ?? { versions: [], labels: {}, revision: 1 }
    secrets.set(name, secret)
    secret.versions.push({ state: 'ENABLED', data: Buffer.from(data) })
  }

  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    const fault = faults.shift()
    if (fault?.broken) return void request.socket.destroy()
    if (fault && !fault.damaged) return sendFault(response, fault)
    void answer(request, { secrets, forbidden, add }).then(
      (body) => sendJson(response, 200, fault?.damaged ? damage(body) : body),
      (thrown: unknown) => sendError(response, thrown),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    faults,
    add,
    forbidden,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface World {
  readonly secrets: Map<string, StoredSecret>
  readonly forbidden: ReadonlySet<string>
  add(name: string, data: Buffer): void
}

async function answer(request: IncomingMessage, world: World): Promise<object> {
  const url = new URL(request.url as string, 'http://127.0.0.1')
  const [path = '', verb = ''] = url.pathname.slice('/v1/'.length).split(':')
  const body = await readBody(request)
  const created = url.searchParams.get('secretId')
  const name = created === null ? path.replace(/\/versions\/.*$/, '') : `${path}/${created}`
  if (world.forbidden.has(name)) throw refusePermission(name)
  if (created !== null) return createSecret(name, world)
  const secret = world.secrets.get(name)
  if (!secret) throw new ApiFault(404, 'NOT_FOUND', `Secret [${name}] not found or has no versions.`)
  if (verb === 'addVersion') return addVersion(name, body, world)
  if (path === name) return request.method === 'PATCH' ? patchSecret(name, body, secret) : showSecret(name, secret)
  return actOnVersion(name, verb, { secret, wanted: path.slice(`${name}/versions/`.length) })
}

function refusePermission(name: string): ApiFault {
  const message = `Permission 'secretmanager.versions.access' denied for resource '${name}/versions/latest' (or it may not exist).`
  return new ApiFault(403, 'PERMISSION_DENIED', message)
}

function createSecret(name: string, { secrets }: World): object {
  if (secrets.has(name)) throw new ApiFault(409, 'ALREADY_EXISTS', `Secret [${name}] already exists.`)
  const secret: StoredSecret = { versions: [], labels: {}, revision: 1 }
  secrets.set(name, secret)
  return showSecret(name, secret)
}

function showSecret(name: string, { labels, revision }: StoredSecret): object {
  return { name, labels, etag: etagOf(name, revision) }
}

/** The etag guards against a writer who has not seen the last change. */
function patchSecret(name: string, body: Record<string, unknown>, secret: StoredSecret): object {
  if (body['etag'] !== undefined && body['etag'] !== etagOf(name, secret.revision)) {
    throw new ApiFault(400, 'FAILED_PRECONDITION', 'The etag does not match the current etag of the secret.')
  }
  secret.labels = (body['labels'] ?? {}) as Record<string, string>
  secret.revision += 1
  return showSecret(name, secret)
}

function etagOf(name: string, revision: number): string {
  return `"${createHash('sha1').update(`${name}${revision}`).digest('hex').slice(0, 14)}"`
}

function addVersion(name: string, body: Record<string, unknown>, world: World): object {
  const payload = (body['payload'] ?? {}) as { data?: string; dataCrc32c?: string }
  const data = Buffer.from(payload.data ?? '', 'base64')
  if (payload.dataCrc32c !== undefined && payload.dataCrc32c !== String(crc32c(data))) {
    throw new ApiFault(400, 'INVALID_ARGUMENT', 'The checksum does not match the payload.')
  }
  world.add(name, data)
  const number = world.secrets.get(name)?.versions.length ?? 0
  return { name: `${name}/versions/${number}`, state: 1 }
}

function actOnVersion(name: string, verb: string, target: { secret: StoredSecret; wanted: string }): object {
  const { secret, wanted } = target
  const number = wanted === 'latest' ? secret.versions.length : Number(wanted)
  const version = secret.versions[number - 1]
  const full = `${name}/versions/${number}`
  if (!version) throw new ApiFault(404, 'NOT_FOUND', `Secret Version [${name}/versions/${wanted}] not found.`)
  switch (verb) {
    case 'access':
      return accessVersion(full, version)
    case 'disable':
      version.state = 'DISABLED'
      break
    case 'enable':
      version.state = 'ENABLED'
      break
    case 'destroy':
      version.state = 'DESTROYED'
      version.data = Buffer.alloc(0)
      break
    default:
      throw new ApiFault(404, 'NOT_FOUND', 'Method not found.')
  }
  return { name: full, state: { ENABLED: 1, DISABLED: 2, DESTROYED: 3 }[version.state] }
}

function accessVersion(name: string, { state, data }: Version): object {
  if (state !== 'ENABLED')
    throw new ApiFault(400, 'FAILED_PRECONDITION', `Secret Version [${name}] is in ${state} state.`)
  return { name, payload: { data: data.toString('base64'), dataCrc32c: String(crc32c(data)) } }
}

function damage(body: object): object {
  const { payload } = body as { payload: { data: string; dataCrc32c: string } }
  const data = Buffer.from(payload.data, 'base64')
  data[0] = (data[0] as number) ^ 1
  return { ...body, payload: { ...payload, data: data.toString('base64') } }
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>)
}

function sendFault(response: ServerResponse, fault: Fault): void {
  if (fault.reason !== undefined)
    return sendError(response, new ApiFault(fault.status, fault.reason, fault.message ?? 'A fault.'))
  response.writeHead(fault.status, { 'content-type': 'text/html' }).end(fault.message ?? '<html>Error</html>')
}

function sendError(response: ServerResponse, thrown: unknown): void {
  const { status, reason, message } =
    thrown instanceof ApiFault ? thrown : new ApiFault(500, 'INTERNAL', `The test server failed: ${String(thrown)}`)
  sendJson(response, status, { error: { code: status, status: reason, message } })
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' }).end(JSON.stringify(body))
}
