import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'
import { readBody, serve } from '../http/support.ts'

export interface DigestServerOptions {
  /** As challenges name them, in their order; undefined leaves the parameter out. */
  readonly algorithms?: readonly (string | undefined)[]
  readonly qop?: string | undefined
  readonly realm?: string
  readonly username?: string
  readonly password?: string
  readonly userhash?: boolean
  /** Requests that one nonce is good for. */
  readonly uses?: number
  /** Says `stale=true` of a nonce that was good once; some servers do not. */
  readonly saysStale?: boolean
  /** Names the next nonce in each answer, and takes no other. */
  readonly nextNonce?: boolean
  /** What stands before the challenges. */
  readonly before?: string
}

export interface DigestServer {
  readonly origin: string
  /** The status of every answer, in order. */
  readonly statuses: number[]
  /** The fields of every `Authorization` header that came. */
  readonly seen: Readonly<Record<string, string>>[]
  /** Forgets every nonce. */
  restart(): void
}

const nodeNames: Readonly<Record<string, string>> = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' }

interface Nonce {
  readonly counts: Set<string>
  left: number
  /** Of `-sess`: what the session's key was made of. */
  cnonce?: string
}

/** A server that verifies digests for itself, by the book: a count is good once, a nonce for so many requests. */
export async function startDigestServer(
  context: TestContext,
  options: DigestServerOptions = {},
): Promise<DigestServer> {
  const { algorithms = ['MD5'], userhash = false, uses = Infinity } = options
  const realm = toBytes(options.realm ?? 'a "quoted" \\realm')
  const qop = 'qop' in options ? options.qop : 'auth'
  const { username = 'Mufasa', password = 'Circle of Life', saysStale = true, nextNonce = false, before = '' } = options
  const known = new Map<string, Nonce>()
  const opaque = randomUUID()
  const server: DigestServer = { origin: '', statuses: [], seen: [], restart: () => known.clear() }

  const issue = (): string => {
    const nonce = randomUUID()
    known.set(nonce, { counts: new Set(), left: uses })
    return nonce
  }
  const challenge = (stale: boolean): string =>
    algorithms
      .map((algorithm) => {
        const parts = [
          `realm="${realm.replaceAll(/["\\]/g, '\\$&')}"`,
          `nonce="${issue()}"`,
          `opaque="${opaque}"`,
          ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
          ...(qop === undefined ? [] : [`qop="${qop}"`]),
          ...(userhash ? ['userhash=true', 'charset=UTF-8'] : []),
          ...(stale ? ['stale=TRUE'] : []),
        ]
        return `Digest ${parts.join(', ')}`
      })
      .join(', ')

  const judge = (request: IncomingMessage, body: string): 'good' | 'stale' | 'bad' | 'none' => {
    const header = request.headers.authorization
    if (header === undefined) return 'none'
    const fields = readFields(header)
    server.seen.push(fields)
    const nonce = known.get(fields['nonce'] ?? '')
    const hash = (text: string) =>
      createHash(nodeNames[(fields['algorithm'] ?? 'MD5').replace('-sess', '')] ?? '')
        .update(text, 'latin1')
        .digest('hex')
    const offered = algorithms.includes(fields['algorithm'])
    const named = userhash
      ? fields['username'] === hash(`${toBytes(username)}:${realm}`) && fields['userhash'] === 'true'
      : (fields['username'] ?? decodeURIComponent((fields['username*'] ?? '').replace("UTF-8''", ''))) === username
    if (!offered || !named || fields['realm'] !== realm || fields['opaque'] !== opaque || fields['uri'] !== request.url)
      return 'bad'
    if (qop !== undefined && !qop.split(', ').includes(fields['qop'] ?? '')) return 'bad'
    if (!nonce) return 'stale'
    let key = hash(`${toBytes(username)}:${realm}:${toBytes(password)}`)
    if (fields['algorithm']?.endsWith('-sess')) {
      nonce.cnonce ??= fields['cnonce'] ?? ''
      key = hash(`${key}:${fields['nonce']}:${nonce.cnonce}`)
    }
    const entity = fields['qop'] === 'auth-int' ? `:${hash(toBytes(body))}` : ''
    const target = hash(`${request.method}:${fields['uri']}${entity}`)
    const { nc, cnonce } = fields
    const middle = qop === undefined ? fields['nonce'] : `${fields['nonce']}:${nc}:${cnonce}:${fields['qop']}`
    if (fields['response'] !== hash(`${key}:${middle}:${target}`)) return 'bad'
    if (qop !== undefined && (!/^[0-9a-f]{8}$/.test(nc ?? '') || nonce.counts.has(nc ?? ''))) return 'bad'
    if (nonce.left-- <= 0) return 'stale'
    nonce.counts.add(nc ?? '')
    return 'good'
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const verdict = judge(request, await readBody(request))
    server.statuses.push(verdict === 'good' ? 200 : 401)
    if (verdict === 'good') {
      if (nextNonce) {
        known.clear()
        response.setHeader('authentication-info', `qop=auth, nextnonce="${issue()}"`)
      }
      response.end('{"data":[]}')
      return
    }
    const header = before + challenge(verdict === 'stale' && saysStale)
    response.writeHead(401, { 'www-authenticate': header }).end('{"error":"who are you?"}')
  }
  const origin = await serve(context, (request, response) => {
    answer(request, response).catch((error: Error) => response.destroy(error))
  })
  return Object.assign(server, { origin })
}

/** UTF-8 as a string of bytes, as headers are. */
function toBytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function readFields(header: string): Record<string, string> {
  const pairs = header.replace(/^Digest /, '').matchAll(/([\w*]+)=(?:"((?:[^"\\]|\\.)*)"|([^,]*))/g)
  return Object.fromEntries(
    [...pairs].map(([, name = '', quoted, plain]) => [name, quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '']),
  )
}
