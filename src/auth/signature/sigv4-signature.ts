import { type KeyObject, createHash, createHmac, createSecretKey } from 'node:crypto'
import type { ApiRequest } from '../../http/send.ts'
import { comparePairs, encodeFormPart, encodePercent, reencode, splitPairs } from './percent.ts'

/** Who signs, and for which service of which region. */
export interface AwsSigner {
  readonly accessKey: string
  readonly secretKey: string
  readonly region: string
  /** As AWS names it in signatures: `s3`, `execute-api`, `sts`. */
  readonly service: string
  /** Of temporary credentials. */
  readonly sessionToken?: string | undefined
}

/** Services that want to be told the hash of the body, also of none. */
const toldHash: ReadonlySet<string> = new Set(['s3', 's3express', 's3-object-lambda', 's3-outposts', 'glacier', 'aoss'])

/** Headers that the connection sets, or that a proxy may change on the way. */
const unsigned: ReadonlySet<string> = new Set(
  (
    'accept accept-encoding authorization cache-control connection content-length expect from keep-alive max-forwards ' +
    'pragma proxy-connection range referer te trailer transfer-encoding upgrade user-agent x-amzn-trace-id'
  ).split(' '),
)

/**
 * A copy of `request` with an AWS Signature Version 4 in its headers. `now`: milliseconds since 1970. Signed are the
 * method, the URL, the body, and all headers but those that may change on the way.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
 */
export function signAws(request: ApiRequest, signer: AwsSigner, now: number): ApiRequest {
  const { accessKey, region, service, sessionToken } = signer
  const time = new Date(now).toISOString().replaceAll(/[:-]|\.\d{3}/g, '')
  const day = time.slice(0, 8)
  const bodyHash = createHash('sha256')
    .update(request.body ?? '')
    .digest('hex')
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-date': time,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
    ...(toldHash.has(service) && { 'x-amz-content-sha256': bodyHash }),
  }
  const url = new URL(request.url)
  // Whether a plus sign is a blank is a matter of opinion, also among services; %20 is not.
  if (url.search.includes('+')) url.search = url.search.replaceAll('+', '%20')
  const covered = Object.entries({ ...headers, host: url.host })
    .filter(([name]) => !unsigned.has(name))
    .sort(comparePairs)
  const names = covered.map(([name]) => name).join(';')
  const canonical = [
    request.method,
    writePath(url.pathname, service),
    writeQuery(url.search.slice(1)),
    ...covered.map(([name, value]) => `${name}:${value.trim().replaceAll(/\s+/g, ' ')}`),
    '',
    names,
    bodyHash,
  ].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const digest = createHash('sha256').update(canonical).digest('hex')
  const signature = createHmac('sha256', deriveKey(signer, day))
    .update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${digest}`)
    .digest('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${names}, Signature=${signature}`
  return { ...request, url: url.href, headers: { ...headers, authorization } }
}

/** A path as it is sent, for S3; for all others encoded once more, without empty segments (`.` and `..` are resolved in every URL). */
function writePath(path: string, service: string): string {
  if (service.startsWith('s3')) return path.split('/').map(reencode).join('/')
  return path
    .replaceAll(/\/{2,}/g, '/')
    .split('/')
    .map(encodePercent)
    .join('/')
}

function writeQuery(query: string): string {
  return splitPairs(query)
    .map(([name, value]) => [encodeFormPart(name), encodeFormPart(value)] as const)
    .sort(comparePairs)
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** One a day, region and service; kept with the signer, so that it goes with it. */
const derived = new WeakMap<AwsSigner, { readonly day: string; readonly key: KeyObject }>()

/** As a key object: with the bare bytes an HMAC takes ten times as long. */
function deriveKey(signer: AwsSigner, day: string): KeyObject {
  const known = derived.get(signer)
  if (known?.day === day) return known.key
  const bytes = [day, signer.region, signer.service, 'aws4_request'].reduce<Buffer>(
    (last, part) => createHmac('sha256', last).update(part).digest(),
    Buffer.from(`AWS4${signer.secretKey}`),
  )
  const key = createSecretKey(bytes)
  derived.set(signer, { day, key })
  return key
}
