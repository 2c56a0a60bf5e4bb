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
