import type { IncomingMessage } from 'node:http'

/** The cookies of ours. */
export type CookieName = 'headrace' | 'headrace-login'

const longest = 4096

/** Over https the browser makes sure of host, path and `Secure` itself (RFC 6265bis section 4.1.3.2); plain http is for loopback. */
const nameOf = (name: CookieName, secure: boolean): string => (secure ? `__Host-${name}` : name)

/** A `Set-Cookie` value that no script reads and no other site's form brings along. */
export function setCookie(name: CookieName, value: string, options: { secure: boolean; seconds: number }): string {
  const { secure, seconds } = options
  const attributes = ['Path=/', 'HttpOnly', 'SameSite=Lax', `Max-Age=${Math.round(seconds)}`]
  return [`${nameOf(name, secure)}=${value}`, ...attributes, ...(secure ? ['Secure'] : [])].join('; ')
}

export const clearCookie = (name: CookieName, secure: boolean): string => setCookie(name, '', { secure, seconds: 0 })

/** Undefined where it is absent or longer than one of ours can be. */
export function readCookie({ headers }: IncomingMessage, name: CookieName, secure: boolean): string | undefined {
  const wanted = `${nameOf(name, secure)}=`
  const found = (headers.cookie ?? '').split(/; */).find((pair) => pair.startsWith(wanted))
  const value = found?.slice(wanted.length)
  return value === undefined || value === '' || value.length > longest ? undefined : value
}
