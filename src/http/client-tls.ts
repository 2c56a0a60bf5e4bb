import type { KeyObject, X509Certificate } from 'node:crypto'
import { type SecureContext, createSecureContext, getCACertificates } from 'node:tls'
import { invalid, openPem, readCertificates } from '../secrets/pem.ts'
import type { Secret } from '../secrets/secret.ts'

/** The secrets of `tls:`, as they were fetched; all PEM. */
export interface TlsSecrets {
  /** The certificate, and those between it and the authority. */
  readonly cert?: Secret
  readonly key?: Secret
  /** Authorities beside those that are trusted anyway. */
  readonly ca?: readonly Secret[]
}

/** What connections are made with: `identified` shows our certificate, `trusting` does not. */
export interface ClientTls {
  readonly identified: SecureContext
  readonly trusting: SecureContext
  /** Those that may see the certificate. */
  readonly origins: ReadonlySet<string>
}

/**
 * Mutual TLS (RFC 8446 section 4.4.2) towards `origins`, checked before anything is sent. Throws `CONFIG_INVALID` in one
 * sentence for a certificate or key that cannot be read, do not belong together, or are out of date at `now`
 * (milliseconds since 1970).
 */
export function createClientTls(
  { cert, key, ca = [] }: TlsSecrets,
  origins: ReadonlySet<string>,
  now: number,
): ClientTls {
  const own = ca.flatMap((secret) => readCertificates(secret, 'tls.ca').map(String))
  const trust = { ca: [...getCACertificates('default'), ...own] }
  const trusting = createSecureContext(trust)
  if (!cert || !key) return { trusting, identified: trusting, origins }
  const chain = readCertificates(cert, 'tls.cert')
  const privateKey = openPem(key, 'tls.key')
  checkIdentity(chain[0], privateKey, now)
  const identity = { cert: chain.join('\n'), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) }
  return { trusting, identified: createSecureContext({ ...trust, ...identity }), origins }
}

function checkIdentity(cert: X509Certificate, key: KeyObject, now: number): void {
  if (!cert.checkPrivateKey(key))
    throw invalid('tls.key', 'does not belong to the certificate of tls.cert: store the two that were made together')
  const day = (date: Date): string => date.toISOString().slice(0, 10)
  if (cert.validToDate.getTime() < now)
    throw invalid('tls.cert', `expired on ${day(cert.validToDate)}: ask the provider for a new certificate`)
  if (cert.validFromDate.getTime() > now)
    throw invalid('tls.cert', `is valid only from ${day(cert.validFromDate)} on: wait until then, or check the clock`)
}
