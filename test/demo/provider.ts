import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type OidcServer, startOidc } from '../support/oidc.ts'

const scope = 'earthquakes.read'

/** The demo's API, on loopback. */
export interface DemoProvider extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly rows: number
  /** Pages served so far to callers with a valid token. */
  readonly pages: readonly ServedPage[]
}

export interface ServedPage {
  readonly page: number
  readonly rows: number
  readonly updatedAfter: string | null
}

type Earthquake = Readonly<Record<string, unknown>> & { readonly updated: string }

interface Recording {
  readonly features: readonly {
    readonly id: string
    readonly properties: Record<string, unknown> & { readonly time: number; readonly updated: number }
    readonly geometry: unknown
  }[]
}

/** A week of earthquakes as the USGS recorded them, from the vega-datasets package; oldest change first. */
function readEarthquakes(): readonly Earthquake[] {
  const file = new URL('../data/earthquakes.json', import.meta.resolve('vega-datasets'))
  const { features } = JSON.parse(readFileSync(file, 'utf8')) as Recording
  const time = (milliseconds: number) => new Date(milliseconds).toISOString()
  return features
    .toSorted((a, b) => a.properties.updated - b.properties.updated)
    .map(({ id, properties, geometry }) => ({
      id,
      ...properties,
      time: time(properties.time),
      updated: time(properties.updated),
      geometry,
    }))
}

/** Starts the API and its token endpoint, each on a free port. */
export async function startDemoProvider(): Promise<DemoProvider> {
  const earthquakes = readEarthquakes()
  const client = { id: 'headrace-demo', secret: randomBytes(24).toString('base64url') }
  const served: ServedPage[] = []
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const tokens = await startOidc({
    clients: [{ client_id: client.id, client_secret: client.secret }],
    scopes: [scope],
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answer({ request, response, tokens, earthquakes, served }).catch((error: Error) => response.destroy(error))
  })
  return {
    url: `http://127.0.0.1:${port}`,
    tokenUrl: tokens.tokenUrl,
    clientId: client.id,
    clientSecret: client.secret,
    rows: earthquakes.length,
    pages: served,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await Promise.all([once(server, 'close'), tokens[Symbol.asyncDispose]()])
    },
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly tokens: OidcServer
  readonly earthquakes: readonly Earthquake[]
  readonly served: ServedPage[]
}

async function answer({ request, response, tokens, earthquakes, served }: Exchange): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  if (url.pathname !== '/v1/earthquakes') return send(response, 404, { error: 'there is only /v1/earthquakes here' })
  const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
  const known = token === undefined ? undefined : await tokens.find(token)
  if (known?.scope !== scope) {
    response.setHeader('www-authenticate', `Bearer error="invalid_token", scope="${scope}"`)
    return send(response, 401, { error: 'a valid access token is needed' })
  }
  const updatedAfter = url.searchParams.get('updatedAfter')
  const perPage = Math.min(Number(url.searchParams.get('perPage') ?? 20), 400)
  const page = Number(url.searchParams.get('page') ?? 1)
  const after = updatedAfter === null ? Number.NEGATIVE_INFINITY : Date.parse(updatedAfter)
  const matching = earthquakes.filter(({ updated }) => Date.parse(updated) > after)
  const features = matching.slice((page - 1) * perPage, page * perPage)
  served.push({ page, rows: features.length, updatedAfter })
  const metadata = { page, count: matching.length, totalPages: Math.ceil(matching.length / perPage) }
  send(response, 200, { metadata, features })
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
