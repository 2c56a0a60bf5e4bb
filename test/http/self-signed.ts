import { generateKeyPairSync, sign } from 'node:crypto'

/** A fresh Ed25519 key and a certificate for `localhost` that nobody vouches for (RFC 5280), both as PEM. */
export function createSelfSigned(): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const name = sequence(der(0x31, sequence(hex('0603550403'), der(0x0c, Buffer.from('localhost')))))
  const algorithm = sequence(hex('06032b6570'))
  const validity = sequence(time(Date.now() - 86_400_000), time(Date.now() + 86_400_000))
  const key = publicKey.export({ type: 'spki', format: 'der' })
  const content = sequence(der(0xa0, hex('020102')), hex('020101'), algorithm, name, validity, name, key)
  const certificate = sequence(content, algorithm, der(0x03, Buffer.of(0), sign(null, content, privateKey)))
  const base64 = certificate.toString('base64').replaceAll(/.{64}/g, '$&\n')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
  }
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...size), content])
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, ...parts)
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex')
}

function time(at: number): Buffer {
  return der(0x17, Buffer.from(`${new Date(at).toISOString().slice(2, 19).replaceAll(/[-:T]/g, '')}Z`))
}
