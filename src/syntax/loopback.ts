import { SyncError } from '../base/errors.ts'

/**
 * Whether a URL leads to this very machine (`localhost`, a name below it, 127.0.0.0/8 or ::1): the only place where plain http may
 * carry a credential (RFC 8252 section 8.3). False for what is no URL.
 */
export function isLoopback(url: string | URL): boolean {
  const parsed = typeof url === 'string' ? URL.parse(url) : url
  if (!parsed) return false
  const host = parsed.hostname.toLowerCase().replace(/\.$/, '')
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

/**
 * The address that a variable names instead of Google's, for a server on this machine: `http://127.0.0.1:PORT`, or without
 * the scheme; undefined where it is not set. Throws `CONFIG_INVALID` for any other place, as what is sent is unprotected.
 */
export function parseLocalEndpoint(variable: string, text: string | undefined): URL | undefined {
  if (text === undefined || text === '') return undefined
  const url = URL.parse(text) ?? URL.parse(`http://${text}`)
  if (url?.protocol === 'http:' && isLoopback(url) && url.port !== '') return url
  const message = `${variable} leads off this machine: expected http://127.0.0.1:PORT, as what is sent there is unprotected.`
  throw new SyncError('CONFIG_INVALID', message)
}
