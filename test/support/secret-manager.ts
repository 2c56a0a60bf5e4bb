import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  ApiFault,
  type Lag,
  type Method,
  type State,
  type StoredSecret,
  type World,
  dispatch,
  find,
  makeSecret,
  parseCall,
  pushVersion,
  remember,
} from './secret-manager-service.ts'

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
  /** Does what was asked first: the answer alone is lost. */
  readonly after?: boolean
  /** Holds for calls of this method only (`addVersion`, `updateSecret`, ...); others pass. */
  readonly on?: Method
}

export interface SecretManagerServer extends AsyncDisposable {
  readonly endpoint: string
  /** `METHOD path` of each request, in order. */
  readonly requests: string[]
  /** The methods of the requests, in order. */
  readonly methods: Method[]
  /** Answers of the requests to come, in order; then the real ones again. */
  readonly faults: Fault[]
  /** Adds a version, and the secret if need be. `name` is `projects/P/secrets/N`, with a location or not. */
  add(name: string, data: string | Buffer): void
  /** The text of a version as it lies there, regardless of its state. */
  peek(name: string, version: number): string
  /** `ENABLED DISABLED DESTROYED ...` of all versions, the first one first. */
  states(name: string): string
  /** What GetSecret tells of the secret. */
  annotations(name: string): Readonly<Record<string, string>>
  /** Gives a version a further name, as `gcloud secrets update --update-version-aliases` does. */
  setAlias(name: string, alias: string, version: number): void
  /** Changes a label, and so the etag, as a person may at any time. */
  touch(name: string): void
  setState(name: string, version: number, state: State): void
  /** Paths of secrets for which the caller lacks the role. */
  readonly forbidden: Set<string>
  /** Methods for which the caller lacks the role. */
  readonly denied: Set<Method>
  /** How a stale etag is told: the documentation leaves it open. */
  staleReason: 'ABORTED' | 'FAILED_PRECONDITION'
  /**
   * So many changes back is what GetSecret, or an access of `latest`, still shows: all but the access of a version by its
   * number is only eventually consistent.
   */
  readonly lag: Lag
  /** Called with each request before it is dealt with, which it may delay. */
  onRequest: (method: Method) => void | Promise<void>
}

/**
 * Secret Manager's REST face as far as headrace uses it, on loopback: secrets with annotations, aliases and etags, versions
 * with states, checksums, permissions, and reads that lag behind.
 */
export async function startSecretManager(): Promise<SecretManagerServer> {
  const secrets = new Map<string, StoredSecret>()
  const requests: string[] = []
  const methods: Method[] = []
  const faults: Fault[] = []
  const world: World = {
    secrets,
    history: new Map(),
    forbidden: new Set(),
    denied: new Set(),
    lag: { secret: 0, latest: 0 },
    staleReason: 'ABORTED',
  }
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    const call = parseCall(request)
    methods.push(call.method)
    const at = faults.findIndex(({ on }) => on === undefined || on === call.method)
    const [fault] = at === -1 ? [] : faults.splice(at, 1)
    serve(request, response, fault).catch((thrown: unknown) => sendError(response, thrown))
  })

  async function serve(request: IncomingMessage, response: ServerResponse, fault: Fault | undefined): Promise<void> {
    const call = parseCall(request)
    const body = await readBody(request)
    await handle.onRequest(call.method)
    if (fault && !fault.damaged && !fault.after) return sendInstead(request, response, fault)
    const answer = dispatch(call, body, world)
    if (fault?.after) return sendInstead(request, response, fault)
    sendJson(response, 200, fault?.damaged ? damage(answer) : answer)
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const handle: SecretManagerServer = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    methods,
    faults,
    add: (name, data) => {
      if (!secrets.has(name)) makeSecret(name, world)
      pushVersion(find(name, world), Buffer.from(data))
      remember(name, world)
    },
    peek: (name, version) => find(name, world).versions[version - 1]?.data.toString() ?? '',
    states: (name) =>
      find(name, world)
        .versions.map(({ state }) => state)
        .join(' '),
    annotations: (name) => find(name, world).annotations,
    setAlias: (name, alias, version) => void (find(name, world).versionAliases[alias] = String(version)),
    touch: (name) => {
      const secret = find(name, world)
      secret.revision += 1
      secret.labels = { touched: String(secret.revision) }
      remember(name, world)
    },
    setState: (name, version, state) => {
      const found = find(name, world).versions[version - 1]
      if (found) Object.assign(found, { state, revision: found.revision + 1 })
    },
    forbidden: world.forbidden,
    denied: world.denied,
    get staleReason() {
      return world.staleReason
    },
    set staleReason(reason) {
      world.staleReason = reason
    },
    lag: world.lag,
    onRequest: () => {},
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return handle
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

function sendInstead(request: IncomingMessage, response: ServerResponse, fault: Fault): void {
  if (fault.broken) return void request.socket.destroy()
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
