import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { crc32c } from '../../src/secrets/crc32c.ts'

/** What a version is like; a destroyed one has lost its data. */
export type State = 'ENABLED' | 'DISABLED' | 'DESTROYED'

interface Version {
  state: State
  data: Buffer
  revision: number
}

/** The fields that UpdateSecret may change. */
const mutable = ['labels', 'annotations', 'versionAliases'] as const

export interface StoredSecret {
  readonly versions: Version[]
  labels: Record<string, string>
  annotations: Record<string, string>
  versionAliases: Record<string, string>
  revision: number
}

export type Method =
  | 'getSecret'
  | 'createSecret'
  | 'updateSecret'
  | 'addVersion'
  | 'access'
  | 'enable'
  | 'disable'
  | 'destroy'
  | 'listVersions'
  | 'testIamPermissions'

export class ApiFault extends Error {
  readonly status: number
  readonly reason: string

  constructor(status: number, reason: string, message: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
}

/** All that the service knows and does. */
export interface World {
  readonly secrets: Map<string, StoredSecret>
  /** What GetSecret showed after each change, the newest last. */
  readonly history: Map<string, Shown[]>
  readonly forbidden: Set<string>
  readonly denied: Set<Method>
  readonly lag: Lag
  staleReason: 'ABORTED' | 'FAILED_PRECONDITION'
}

export interface Lag {
  secret: number
  latest: number
}

interface Shown {
  readonly shown: object
  /** How many there were. */
  readonly versions: number
}

interface Call {
  readonly method: Method
  /** `projects/P/secrets/N`, with a location or not. */
  readonly name: string
  /** A number, an alias or `latest`. */
  readonly version: string
  readonly query: URLSearchParams
}

const verbs: Readonly<Record<string, Method>> = {
  addVersion: 'addVersion',
  access: 'access',
  enable: 'enable',
  disable: 'disable',
  destroy: 'destroy',
  testIamPermissions: 'testIamPermissions',
}

export function parseCall(request: IncomingMessage): Call {
  const url = new URL(request.url as string, 'http://127.0.0.1')
  const [path = '', verb = ''] = url.pathname.slice('/v1/'.length).split(':')
  const created = url.searchParams.get('secretId')
  const [name = '', version = ''] = path.split(/\/versions\/?/)
  const target = { version, query: url.searchParams }
  if (created !== null)
    return {
      ...target,
      method: 'createSecret',
      name: `${path}/secrets/${created}`.replace('/secrets/secrets/', '/secrets/'),
    }
  const plain: Method = path.endsWith('/versions')
    ? 'listVersions'
    : request.method === 'PATCH'
      ? 'updateSecret'
      : 'getSecret'
  return { ...target, name, method: verbs[verb] ?? plain }
}

export function find(name: string, { secrets }: World): StoredSecret {
  const secret = secrets.get(name)
  if (!secret) throw new ApiFault(404, 'NOT_FOUND', `Secret [${name}] not found or has no versions.`)
  return secret
}

export function dispatch(call: Call, body: Record<string, unknown>, world: World): object {
  const { method, name } = call
  if (method === 'testIamPermissions') return testPermissions(name, body, world)
  if (world.forbidden.has(name) || world.denied.has(method)) throw refusePermission(name)
  switch (method) {
    case 'createSecret':
      if (world.secrets.has(name)) throw new ApiFault(409, 'ALREADY_EXISTS', `Secret [${name}] already exists.`)
      if (typeof body['replication'] !== 'object' && !name.includes('/locations/'))
        throw new ApiFault(400, 'INVALID_ARGUMENT', 'secret.replication must be provided.')
      return makeSecret(name, world)
    case 'getSecret':
      return lagging(name, world.lag.secret, world).shown
    case 'updateSecret':
      return patchSecret(call, body, world)
    case 'addVersion':
      return addVersion(name, body, world)
    case 'listVersions':
      return listVersions(call, world)
    case 'access':
    case 'enable':
    case 'disable':
    case 'destroy':
      return actOnVersion(call, body, world)
  }
}

/** A caller may ask this of every secret; one that is not there gives no permissions. */
function testPermissions(name: string, body: Record<string, unknown>, { denied, forbidden }: World): object {
  const asked = (body['permissions'] ?? []) as string[]
  const lacking = denied.has('addVersion') || forbidden.has(name)
  return { permissions: asked.filter((permission) => !(permission === 'secretmanager.versions.add' && lacking)) }
}

function refusePermission(name: string): ApiFault {
  const message = `Permission 'secretmanager.versions.access' denied for resource '${name}/versions/latest' (or it may not exist).`
  return new ApiFault(403, 'PERMISSION_DENIED', message)
}

export function makeSecret(name: string, world: World): object {
  world.secrets.set(name, { versions: [], labels: {}, annotations: {}, versionAliases: {}, revision: 1 })
  return remember(name, world)
}

/** The secret as it stands, kept for those who are to see it late. */
export function remember(name: string, world: World): object {
  const seen = show(name, world)
  world.history.set(name, [...(world.history.get(name) ?? []), seen])
  return seen.shown
}

function show(name: string, world: World): Shown {
  const { labels, annotations, versionAliases, revision, versions } = find(name, world)
  const shown = structuredClone({ name, labels, annotations, versionAliases, etag: etagOf(name, revision) })
  return { shown, versions: versions.length }
}

function lagging(name: string, lag: number, world: World): Shown {
  const now = show(name, world)
  const past = world.history.get(name) ?? []
  return lag === 0 ? now : (past[Math.max(0, past.length - 1 - lag)] ?? now)
}

/** The etag guards against a writer who has not seen the last change. */
function patchSecret({ name, query }: Call, body: Record<string, unknown>, world: World): object {
  const secret = find(name, world)
  refuseStale(body['etag'], etagOf(name, secret.revision), world)
  for (const field of (query.get('updateMask') ?? '').split(',')) {
    const known = mutable.find((one) => one === field)
    if (!known) throw new ApiFault(400, 'INVALID_ARGUMENT', `Field ${field} cannot be updated.`)
    secret[known] = (body[known] ?? {}) as Record<string, string>
  }
  const size = Object.entries(secret.annotations).reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  if (size >= 16_384) throw new ApiFault(400, 'INVALID_ARGUMENT', 'The annotations are too large.')
  secret.revision += 1
  return remember(name, world)
}

function refuseStale(sent: unknown, current: string, { staleReason }: World): void {
  if (sent === undefined || sent === '' || sent === current) return
  const status = staleReason === 'ABORTED' ? 409 : 400
  throw new ApiFault(status, staleReason, 'The etag does not match the current etag of the resource.')
}

function etagOf(name: string, revision: number): string {
  return `"${createHash('sha1').update(`${name}${revision}`).digest('hex').slice(0, 14)}"`
}

function addVersion(name: string, body: Record<string, unknown>, world: World): object {
  const secret = find(name, world)
  const payload = (body['payload'] ?? {}) as { data?: string; dataCrc32c?: string }
  const data = Buffer.from(payload.data ?? '', 'base64')
  if (payload.dataCrc32c !== undefined && payload.dataCrc32c !== String(crc32c(data))) {
    throw new ApiFault(400, 'INVALID_ARGUMENT', 'The checksum does not match the payload.')
  }
  if (data.length > 65_536) throw new ApiFault(400, 'INVALID_ARGUMENT', 'The payload is too large.')
  pushVersion(secret, data)
  remember(name, world)
  return showVersion(name, secret.versions.length, secret)
}

export function pushVersion({ versions }: StoredSecret, data: Buffer): void {
  versions.push({ state: 'ENABLED', data, revision: 1 })
}

const stateNumbers = { ENABLED: 1, DISABLED: 2, DESTROYED: 3 } as const

function showVersion(name: string, number: number, { versions }: StoredSecret): object {
  const { state, revision } = versions[number - 1] as Version
  const full = `${name}/versions/${number}`
  return { name: full, state: stateNumbers[state], etag: etagOf(full, revision) }
}

/** Newest first, as documented. */
function listVersions({ name, query }: Call, world: World): object {
  const secret = find(name, world)
  const size = Number(query.get('pageSize') ?? 0) || 25_000
  const start = Number(query.get('pageToken') ?? 0)
  const numbers = secret.versions.map((_, at) => secret.versions.length - at)
  const more = start + size < numbers.length
  return {
    versions: numbers.slice(start, start + size).map((number) => showVersion(name, number, secret)),
    totalSize: numbers.length,
    ...(more && { nextPageToken: String(start + size) }),
  }
}

function actOnVersion({ method, name, version: wanted }: Call, body: Record<string, unknown>, world: World): object {
  const secret = find(name, world)
  const newest = lagging(name, world.lag.latest, world).versions
  const alias = method === 'access' ? secret.versionAliases[wanted] : undefined
  const number = wanted === 'latest' && method === 'access' ? newest : Number(alias ?? wanted)
  const version = secret.versions[number - 1]
  const full = `${name}/versions/${number}`
  if (!version) throw new ApiFault(404, 'NOT_FOUND', `Secret Version [${name}/versions/${wanted}] not found.`)
  if (method === 'access') return accessVersion(full, version)
  refuseStale(body['etag'], etagOf(full, version.revision), world)
  if (version.state === 'DESTROYED')
    throw new ApiFault(400, 'FAILED_PRECONDITION', `Secret Version [${full}] is in DESTROYED state.`)
  version.state = method === 'enable' ? 'ENABLED' : method === 'disable' ? 'DISABLED' : 'DESTROYED'
  version.revision += 1
  if (method === 'destroy') version.data = Buffer.alloc(0)
  return showVersion(name, number, secret)
}

function accessVersion(name: string, { state, data }: Version): object {
  if (state !== 'ENABLED')
    throw new ApiFault(400, 'FAILED_PRECONDITION', `Secret Version [${name}] is in ${state} state.`)
  return { name, payload: { data: data.toString('base64'), dataCrc32c: String(crc32c(data)) } }
}
