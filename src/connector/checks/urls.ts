import type { Connector } from '../connector.ts'
import { isLoopback } from '../../syntax/loopback.ts'
import type { Path, Report } from '../problems.ts'
import { parseTemplate } from '../../syntax/template-syntax.ts'
import type { ConnectorSubject, SignedStream } from './subject.ts'

/** No password inside a URL, no credential over plain http, no origin that a run would refuse. */
export function checkUrls(subject: ConnectorSubject): void {
  const { connector, broken, hasCredential, report } = subject
  const { base_url: baseUrl } = connector
  if (baseUrl !== undefined && !broken.has('base_url')) {
    checkUrl(baseUrl, { path: ['base_url'], report, credentials: hasCredential })
    if (baseUrl.includes('{{')) report(['base_url'], 'base_url holds no templates: write it as it is')
    if (baseUrl.includes('#')) report(['base_url'], 'base_url holds no # part')
  }
  connector.origins?.forEach((origin, at) => {
    const [url, credentials, path]: [string, boolean, Path] =
      typeof origin === 'string'
        ? [origin, true, ['origins', at]]
        : [origin.url, origin.credentials, ['origins', at, 'url']]
    checkUrl(url, { path, report, credentials: credentials && hasCredential })
  })
  checkEndpoints(connector.auth ?? [], report)
  for (const stream of subject.streams) {
    checkEndpoints(stream.stream.auth ?? [], stream.report)
    checkTarget(stream, subject)
  }
}

/** Where the credential itself is sent to. */
function checkEndpoints(entries: Connector['auth'], report: Report): void {
  entries.forEach((entry, at) => {
    for (const [key, value] of Object.entries(entry)) {
      if (key.endsWith('_url') && typeof value === 'string')
        checkUrl(value, { path: entries.length > 1 ? ['auth', at, key] : ['auth', key], report, credentials: true })
    }
  })
}

function checkUrl(
  text: string,
  { path, report, credentials }: { path: Path; report: Report; credentials: boolean },
): void {
  const url = URL.parse(text)
  if (!url) return
  if (url.username !== '' || url.password !== '')
    report(
      path,
      'expected a URL without user:password@ in it: use auth with type basic, and secret:NAME for the password',
    )
  if (credentials && url.protocol === 'http:' && !isLoopback(url))
    report(path, 'expected https://, as a credential is sent there (plain http goes to this machine only)')
}

function checkTarget(
  { stream, broken, hasCredential, report }: SignedStream,
  { connector, broken: brokenAbove }: ConnectorSubject,
): void {
  if (stream.url !== undefined && stream.path !== undefined)
    report(['url'], 'expected one of path and url, found both', { at: 'key' })
  if (stream.path !== undefined) checkPath(stream.path, report)
  if (stream.url === undefined || broken.has('url')) return
  const literal = parseTemplate(stream.url).parts[0]
  const host = literal?.kind === 'text' ? /^[^:]*:\/\/[^/?#]*/.exec(literal.text)?.[0] : undefined
  if (host === undefined || (literal?.kind === 'text' && host === literal.text && host.length < stream.url.length)) {
    report(
      ['url'],
      'a template cannot stand in the host of a URL: nothing that an API sends may decide where credentials go',
    )
    return
  }
  const listed = (connector.origins ?? []).map((origin) =>
    typeof origin === 'string' ? { url: origin, credentials: true } : origin,
  )
  const origin = URL.parse(host)?.origin
  const match = listed.find((entry) => URL.parse(entry.url)?.origin === origin)
  const own = connector.base_url !== undefined && URL.parse(connector.base_url)?.origin === origin
  checkUrl(stream.url, { path: ['url'], report, credentials: hasCredential && (match?.credentials ?? true) })
  if (stream.url.includes('#')) report(['url'], 'a URL here holds no # part')
  if (!own && !match && !brokenAbove.has('origins') && !brokenAbove.has('base_url')) {
    report(
      ['url'],
      `this is not the origin of base_url: add origins: [${origin}] to the connector, or origins: [{url: ${origin}, credentials: false}] to send no credential there`,
    )
  }
}

function checkPath(path: string, report: Report): void {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path))
    return report(['path'], 'expected a path below base_url: an absolute URL belongs into url')
  const literal = parseTemplate(path)
    .parts.map((part) => (part.kind === 'text' ? part.text : 'x'))
    .join('')
  const control = /[\\\p{Cc}]/u.test(literal)
  if (control) report(['path'], 'a path cannot hold \\, a tab or a line break')
  if (literal.includes('#')) report(['path'], 'a path holds no # part (write %23 for the character itself)')
  const segments = (literal.split(/[?#]/, 1)[0] as string).split('/')
  if (segments.some((segment) => /^(\.|%2e){1,2}$/i.test(segment)))
    report(['path'], 'a path cannot climb by . or ..: write it as it is meant')
}
