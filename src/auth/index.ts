import type { z } from 'zod'
import { SyncError } from '../base/errors.ts'
import apiKey from './methods/api-key.ts'
import type { Auth, AuthDeps, AuthMethod } from './auth.ts'
import authorizationCode from './methods/authorization-code.ts'
import awsSigv4 from './methods/aws-sigv4.ts'
import basic from './methods/basic.ts'
import bearer from './methods/bearer.ts'
import clientCredentials from './methods/client-credentials.ts'
import digest from './methods/digest.ts'
import google from './methods/google.ts'
import hmac from './methods/hmac.ts'
import jwtBearer from './methods/jwt-bearer.ts'
import login from './methods/login.ts'
import none from './methods/none.ts'
import oauth1 from './methods/oauth1.ts'
import refreshToken from './methods/refresh-token.ts'
import { unionOf, variantOf } from '../base/variants.ts'

/** To add a method: write its file and add it here. The common ones come first. */
export const authMethods = [
  none,
  bearer,
  apiKey,
  basic,
  clientCredentials,
  authorizationCode,
  refreshToken,
  google,
  jwtBearer,
  login,
  oauth1,
  hmac,
  digest,
  awsSigv4,
] as const

export const authConfig = unionOf(authMethods)

export type AuthConfig = z.output<typeof authConfig>

/**
 * One `Auth` of a list: it signs in order, renews whatever can be renewed, and knows all query parameters. Throws
 * `CONFIG_INVALID` where two of the list would overwrite each other.
 */
export function createAuth(configs: readonly AuthConfig[], deps: AuthDeps): Auth {
  refuseSameLocation(configs)
  // A signature covers what the others add, regardless of the order in the file.
  const parts = configs.toSorted(signaturesLast).map((config) => methodOf(config).create(config, deps))
  const renewable = parts.filter((part) => part.renew !== undefined)
  const learners = parts.filter((part) => part.handleChallenge !== undefined)
  return {
    async sign(request) {
      let signed = request
      for (const part of parts) signed = await part.sign(signed)
      return signed
    },
    ...(renewable.length > 0 && {
      async renew(rejected) {
        const told: ('expired' | undefined)[] = []
        for (const part of renewable) told.push(await part.renew?.(rejected))
        return told.find((one) => one === 'expired')
      },
    }),
    ...(learners.length > 0 && {
      // Each of them is told, for each may have something to learn.
      handleChallenge: (signed, response) =>
        learners.map((part) => part.handleChallenge?.(signed, response)).includes(true),
    }),
    queryParams: parts.flatMap((part) => part.queryParams ?? []),
    describe: () => parts.flatMap((part) => part.describe?.() ?? []),
  }
}

/** The method that a configuration is of. */
export const methodOf = ({ type }: Pick<AuthConfig, 'type'>): AuthMethod => variantOf(authMethods, type)

const signaturesLast = (a: AuthConfig, b: AuthConfig): number =>
  Number(methodOf(a).isSignature ?? false) - Number(methodOf(b).isSignature ?? false)

function refuseSameLocation(configs: readonly AuthConfig[]): void {
  const written = configs.flatMap((config) => methodOf(config).writes(config))
  const twice = written.find((location, at) => written.indexOf(location) !== at)
  if (twice === undefined) return
  throw new SyncError('CONFIG_INVALID', `Two methods under auth both write the ${twice}; keep one of them.`)
}
