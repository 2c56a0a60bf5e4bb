import { generateKeyPairSync, sign } from 'node:crypto'

export interface SelfSignedOptions {
  /** The common name; 127.0.0.1 where absent. */
  readonly name?: string
  /** RFC 5280 GeneralizedTime, such as 20200101000000Z. */
  readonly from?: string
  readonly to?: string
}

/** A certificate for 127.0.0.1 that nobody vouches for, with its key, both as PEM; made again each time. */
export function createSelfSigned({
  name: commonName = '127.0.0.1',
  from = '20200101000000Z',
  to = '20991231235959Z',
}: SelfSignedOptions = {}): { readonly cert: string; readonly key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = der(0x30, der(0x31, der(0x30, oid('550403'), der(0x0c, Buffer.from(commonName)))))
  const algorithm = der(0x30, oid('2a8648ce3d040302'))
  const validity = der(0x30, time(from), time(to))
  const altName = der(0x30, oid('551d11'), der(0x04, der(0x30, der(0x87, Buffer.from([127, 0, 0, 1])))))
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
    der(0xa3, der(0x30, altName)),
  )
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)])
  const certificate = der(0x30, body, algorithm, der(0x03, signature))
  return { cert: toPem(certificate), key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString() }
}

/** One value in DER (X.690 section 8.1): tag, length, contents. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents)
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function time(text: string): Buffer {
  return der(0x18, Buffer.from(text))
}

function toPem(certificate: Buffer): string {
  const lines = certificate.toString('base64').replaceAll(/.{64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}
