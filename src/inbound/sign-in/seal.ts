import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { EncryptJWT, jwtDecrypt } from 'jose'
import { SyncError } from '../../base/errors.ts'

/** Makes what only this service can read or make again, from a secret of its own. */
export interface Seal {
  /** `value` as an encrypted JSON web token (RFC 7516) for one use that is good for so many seconds. */
  close(use: string, value: object, seconds: number): Promise<string>
  /** Undefined for what is forged, expired, or was made for another use. */
  open(use: string, token: string): Promise<Readonly<Record<string, unknown>> | undefined>
  /** A text that cannot be guessed, the same for the same subject. */
  sign(subject: string): Promise<string>
  /** Compares in constant time. */
  isSigned(subject: string, signature: string): Promise<boolean>
}

const shortest = 32
const algorithms = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] }

/** `readSecret` is asked each time: it may be rotated. Throws what it throws, and `CONFIG_INVALID` for a short secret. */
export function createSeal(readSecret: () => Promise<string>, now: () => number): Seal {
  async function derive(use: string): Promise<Uint8Array> {
    const secret = await readSecret()
    if (secret.length < shortest)
      throw new SyncError(
        'CONFIG_INVALID',
        `HEADRACE_SIGN_IN_KEY is too short: at least ${shortest} characters, such as those of openssl rand -base64 32.`,
      )
    return new Uint8Array(hkdfSync('sha256', secret, '', `headrace ${use}`, 32))
  }

  const sign = async (subject: string): Promise<string> =>
    createHmac('sha256', await derive('form'))
      .update(subject)
      .digest('base64url')

  return {
    sign,
    async isSigned(subject, signature) {
      const expected = Buffer.from(await sign(subject))
      const actual = Buffer.from(signature)
      return expected.length === actual.length && timingSafeEqual(expected, actual)
    },
    async close(use, value, seconds) {
      const at = Math.floor(now() / 1000)
      return new EncryptJWT({ ...value })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setAudience(use)
        .setIssuedAt(at)
        .setExpirationTime(at + Math.round(seconds))
        .encrypt(await derive(use))
    },
    async open(use, token) {
      const key = await derive(use)
      try {
        const rules = { ...algorithms, audience: use, currentDate: new Date(now()), requiredClaims: ['exp'] }
        return (await jwtDecrypt(token, key, rules)).payload
      } catch {
        // Anybody can send a cookie: no matter what is wrong with it, it is none of ours.
        return undefined
      }
    },
  }
}
