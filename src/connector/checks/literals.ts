import { isSecretRef, parseSecretRef } from '../../secrets/ref.ts'
import type { Connector } from '../connector.ts'
import { isKeys } from '../defaults.ts'
import type { Path, Report } from '../problems.ts'
import { isHeaderValue } from '../templates.ts'
import { hasTemplate } from '../../syntax/template-syntax.ts'
import type { ConnectorSubject } from './subject.ts'

const credentialHeader =
  /^(authorization|proxy-authorization|cookie|(x-)?(api|auth|access)[-_]?(key|token)|(x-)?[a-z]+-(api-?key|access-token|auth-token))$/i
const credentialField =
  /^(api[-_]?key|access[-_]?token|auth[-_]?token|refresh[-_]?token|client[-_]?secret|password|passwd|private[-_]?key)$/i
/** In whatever words a provider asks for it. */
const secretName = /(pass|passwd|password|passphrase|pwd|secret|token)$/i
const ownHeaders: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
  'trailer',
])

/** Credentials belong into `auth`, whose values never reach a checkpoint or a log. No message quotes a value. */
export function checkLiterals({ connector, streams, report }: ConnectorSubject): void {
  checkHeaders(connector.headers ?? {}, report)
  checkFields(connector.params ?? {}, { path: ['params'], report })
  checkAuth(connector.auth ?? [], report)
  for (const { stream, report: reportStream } of streams) {
    checkAuth(stream.auth ?? [], reportStream)
    checkHeaders(stream.headers ?? {}, reportStream)
    checkFields(stream.params ?? {}, { path: ['params'], report: reportStream })
    checkFields(stream.body, { path: ['body'], report: reportStream })
  }
}

function checkAuth(entries: Connector['auth'], report: Report): void {
  entries.forEach((entry, at) => {
    const path: Path = entries.length > 1 ? ['auth', at] : ['auth']
    if ('extra' in entry) checkExtra(entry.extra, { path: [...path, 'extra'], report })
    if ('headers' in entry) checkNamed(entry.headers, { path: [...path, 'headers'], report })
    if ('params' in entry) checkNamed(entry.params, { path: [...path, 'params'], report })
    if ('request' in entry && isKeys(entry.request))
      for (const key of ['headers', 'params', 'body'] as const)
        checkNamed(entry.request[key], { path: [...path, 'request', key], report })
    if ('claims' in entry) checkExtra(entry.claims, { path: [...path, 'claims'], report })
  })
}

/** What a method adds to requests, or signs in with, may be literal or a template, but for what is a credential by its name. */
function checkNamed(value: unknown, { path, report }: { path: Path; report: Report }): void {
  if (Array.isArray(value)) return value.forEach((item, at) => checkNamed(item, { path: [...path, at], report }))
  if (!isKeys(value) || isSecretRef(value)) return
  for (const [name, inner] of Object.entries(value)) {
    const isLiteral = typeof inner === 'string' && inner !== '' && !hasTemplate(inner)
    if (isLiteral && [credentialField, credentialHeader, secretName].some((pattern) => pattern.test(name)))
      report(
        [...path, name],
        'expected a reference to a secret (secret:NAME, env:NAME or file:PATH), as credentials do not belong in a connector file',
      )
    else checkNamed(inner, { path: [...path, name], report })
  }
}

/** Further parameters of a token request may be literal, but for those that are credentials by their name. */
function checkExtra(extra: unknown, { path, report }: { path: Path; report: Report }): void {
  if (!isKeys(extra)) return
  for (const [name, value] of Object.entries(extra)) {
    if (credentialField.test(name) && typeof value === 'string') {
      report(
        [...path, name],
        'expected a reference to a secret (secret:NAME, env:NAME or file:PATH), as credentials do not belong in a connector file',
      )
    }
  }
}

function checkHeaders(headers: Readonly<Record<string, string>>, report: Report): void {
  const seen = new Set<string>()
  for (const [name, value] of Object.entries(headers)) {
    const path = ['headers', name]
    const lower = name.toLowerCase()
    if (seen.has(lower))
      report(path, 'this header stands here a second time, in another case: keep one of the two', { at: 'key' })
    seen.add(lower)
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
      report(path, 'expected the name of a header: letters, digits and hyphens', { at: 'key' })
    else if (ownHeaders.has(lower)) report(path, 'this header is set by the HTTP layer: leave it out', { at: 'key' })
    else if (credentialHeader.test(name))
      report(
        path,
        `a credential does not belong here: use auth, such as {type: api_key, in: header, name: ${name}, value: secret:NAME}, or type bearer`,
        { at: 'key' },
      )
    else checkReference(value, { path, report })
    if (!hasTemplate(value) && !isHeaderValue(value))
      report(path, 'a header value cannot hold a line break or characters beyond Latin-1')
  }
}

function checkFields(value: unknown, { path, report }: { path: Path; report: Report }): void {
  if (typeof value === 'string') return checkReference(value, { path, report })
  if (Array.isArray(value)) return value.forEach((item, at) => checkFields(item, { path: [...path, at], report }))
  if (!isKeys(value)) return
  for (const [name, inner] of Object.entries(value)) {
    if (credentialField.test(name) && typeof inner === 'string' && inner !== '') {
      report(
        [...path, name],
        'a credential does not belong here: use auth, such as {type: api_key, in: query, name: ' +
          name +
          ', value: secret:NAME}',
        { at: 'key' },
      )
    } else checkFields(inner, { path: [...path, name], report })
  }
}

/** A reference is only looked up inside `auth`; elsewhere it would be sent as it is written. */
function checkReference(text: string, { path, report }: { path: Path; report: Report }): void {
  const ref = parseSecretRef(text)
  if (ref?.store === 'secret' || (ref?.store === 'env' && /^[A-Z][A-Z0-9_]*$/.test(ref.name))) {
    report(
      path,
      `a secret is looked up inside auth only: use auth with type api_key${ref.store === 'env' ? ', or {{ env.NAME }} for what is no secret' : ''}`,
    )
  }
}
