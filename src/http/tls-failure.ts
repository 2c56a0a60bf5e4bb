/** A TLS handshake that fails now fails again: nothing is sent, and nothing but a person can fix it. */
export interface TlsFailure {
  /** `server`: its certificate does not verify; `client`: it does not take ours; `protocol`: it does not speak TLS as we do. */
  readonly side: 'server' | 'client' | 'protocol'
  /** Goes on after the name of what was asked: what is wrong, and what to do. */
  readonly reason: string
}

const authority =
  'is signed by an authority that is not known here; if you trust it, name it under `tls: {ca: file:ca.pem}` or in NODE_EXTRA_CA_CERTS'

const known: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired; its owner has to renew it',
  CERT_NOT_YET_VALID: 'is not valid yet; check the clock of this machine',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another host name; check the host in the URL',
  CERT_REVOKED: 'has been revoked; its owner has to renew it',
  DEPTH_ZERO_SELF_SIGNED_CERT: authority,
  SELF_SIGNED_CERT_IN_CHAIN: authority,
  UNABLE_TO_GET_ISSUER_CERT: authority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: authority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: authority,
}

/** What the code of a failed connection says of TLS (OpenSSL's verification results and alerts, RFC 8446 section 6); undefined where it is about something else. */
export function findTlsFailure(code: string): TlsFailure | undefined {
  if (/^ERR_SSL_.{0,60}ALERT.{0,60}(?:CERT|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)/.test(code)) {
    // TLS 1.2 has no word of its own for a certificate that was not given.
    const what = code.includes('HANDSHAKE') ? 'broke off the TLS handshake, mostly for want of' : 'wants'
    return {
      side: 'client',
      reason: `${what} a client certificate that it knows (${code}); give it \`tls: {cert: secret:NAME, key: secret:NAME}\`, or ask the provider which certificates it takes`,
    }
  }
  // undici's own codes are about HTTP: UND_ERR_RES_CONTENT_LENGTH_MISMATCH has nothing to do with a certificate.
  if (code.startsWith('UND_ERR_')) return undefined
  if (
    code in known ||
    /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY|DECRYPT)|INVALID_CA|INVALID_PURPOSE|MISMATCH$/.test(code)
  ) {
    return {
      side: 'server',
      reason: `has a TLS certificate that does not verify (${code}): it ${known[code] ?? 'cannot be trusted; its owner has to mend it'}`,
    }
  }
  if (
    /^ERR_(?:SSL|TLS)_(?:WRONG_VERSION|UNSUPPORTED_PROTOCOL|.*ALERT_PROTOCOL_VERSION|.*UNKNOWN_PROTOCOL|PACKET_LENGTH)/.test(
      code,
    )
  ) {
    return {
      side: 'protocol',
      reason: `does not speak TLS 1.2 or later (${code}); check the scheme and the port of the URL`,
    }
  }
  return undefined
}
