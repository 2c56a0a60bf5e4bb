import { type KeyObject, X509Certificate, createPrivateKey } from 'node:crypto'
import { SyncError } from '../base/errors.ts'
import type { Secret } from './secret.ts'

/** An environment variable often holds a PEM in one line, its line breaks written as `\n`. */
export function restoreLines(pem: string): string {
  return pem.includes('\n') ? pem : pem.replaceAll(String.raw`\r\n`, '\n').replaceAll(String.raw`\n`, '\n')
}

/**
 * A private key as PEM: PKCS#8, PKCS#1 (RFC 8017) or SEC1 (RFC 5915). `where` is its key in the connector file. Throws
 * `CONFIG_INVALID` in one sentence that never quotes the key.
 */
export function openPem(secret: Secret, where: string): KeyObject {
  const pem = restoreLines(secret.reveal())
  if (/-----BEGIN (?:(?:RSA )?PUBLIC KEY|CERTIFICATE)-----/.test(pem) && !pem.includes('PRIVATE KEY-----'))
    throw invalid(where, 'is a public key or a certificate: expected the private key that belongs to it')
  if (/-----BEGIN ENCRYPTED|^Proc-Type:.*ENCRYPTED/m.test(pem))
    throw invalid(where, 'is encrypted with a passphrase: store it without one (openssl pkey -in KEY -out PLAIN)')
  if (!pem.includes('-----BEGIN '))
    throw invalid(where, 'is no private key: expected PEM that begins with -----BEGIN PRIVATE KEY-----')
  try {
    return createPrivateKey(pem)
  } catch {
    // Not kept as a cause: the parser may quote what it read.
    throw invalid(where, 'is a private key that cannot be read: check that it was stored whole, with its line breaks')
  }
}

const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** The certificates of a PEM text, at least one, in their order. Throws `CONFIG_INVALID`. */
export function readCertificates(secret: Secret, where: string): readonly [X509Certificate, ...X509Certificate[]] {
  try {
    const [first, ...others] = restoreLines(secret.reveal()).match(certificate) ?? []
    return [new X509Certificate(first ?? ''), ...others.map((pem) => new X509Certificate(pem))]
  } catch {
    throw invalid(where, 'is no certificate: expected PEM that begins with -----BEGIN CERTIFICATE-----')
  }
}

/** The error for a secret that is of no use; `what` follows `The secret of auth.private_key`. */
export function invalid(where: string, what: string): SyncError {
  return new SyncError('CONFIG_INVALID', `The secret of ${where} ${what}.`)
}
