import { z } from 'zod'
import { SyncError } from '../base/errors.ts'
import apiKey from './methods/api-key.ts'
import type { Auth, AuthDeps } from './auth.ts'
import authorizationCode from './methods/authorization-code.ts'
import awsSigv4 from './methods/aws-sigv4.ts'
import basic from './methods/basic.ts'
import bearer from './methods/bearer.ts'
import clientCredentials from './methods/client-credentials.ts'
import digest from './methods/digest.ts'
import google from './methods/google.ts'
import hmac from './methods/hmac.ts'
import jwtBearer from './methods/jwt-bearer.ts'
import login, { placeOfToken } from './methods/login.ts'
import none from './methods/none.ts'
import oauth1 from './methods/oauth1.ts'
import refreshToken from './methods/refresh-token.ts'
import { settingsOf } from './authorization/sign-in-settings.ts'

/** To add a method: write its file, add it here and to the switch below. */
export const authConfig = z.discriminatedUnion('type', [
  none.config,
  basic.config,
  bearer.config,
  apiKey.config,
  clientCredentials.config,
  refreshToken.config,
  authorizationCode.config,
  jwtBearer.config,
  google.config,
  oauth1.config,
  login.config,
  hmac.config,
  awsSigv4.config,
  digest.config,
])

export type AuthConfig = z.output<typeof authConfig>

/**
 * One `Auth` of a list: it signs in order, renews whatever can be renewed, and knows all query parameters. Throws
 * `CONFIG_INVALID` where two of the list would overwrite each other.
 */
export function createAuth(configs: readonly AuthConfig[], deps: AuthDeps): Auth {
  refuseSamePlace(configs)
  // A signature covers what the others add, whatever the order in the file.
  const parts = [...configs.filter((one) => !isSignature(one)), ...configs.filter(isSignature)].map((config) =>
    createPart(config, deps),
  )
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

function createPart(config: AuthConfig, deps: AuthDeps): Auth {
  switch (config.type) {
    case 'none':
      return none.create(config, deps)
    case 'basic':
      return basic.create(config, deps)
    case 'bearer':
      return bearer.create(config, deps)
    case 'api_key':
      return apiKey.create(config, deps)
    case 'oauth2_client_credentials':
      return clientCredentials.create(config, deps)
    case 'oauth2_refresh_token':
      return refreshToken.create(config, deps)
    case 'oauth2_authorization_code':
      return authorizationCode.create(config, deps)
    case 'jwt_bearer':
      return jwtBearer.create(config, deps)
    case 'google':
      return google.create(config, deps)
    case 'oauth1':
      return oauth1.create(config, deps)
    case 'login':
      return login.create(config, deps)
    case 'hmac':
      return hmac.create(config, deps)
    case 'aws_sigv4':
      return awsSigv4.create(config, deps)
    case 'digest':
      return digest.create(config, deps)
  }
}

function isSignature({ type }: AuthConfig): boolean {
  return type === 'oauth1' || type === 'hmac' || type === 'aws_sigv4' || type === 'digest'
}

function refuseSamePlace(configs: readonly AuthConfig[]): void {
  const places = configs.flatMap((config) => placeOf(config) ?? [])
  const twice = places.find((place, at) => places.indexOf(place) !== at)
  if (twice === undefined) return
  throw new SyncError('CONFIG_INVALID', `Two methods under auth both write the ${twice}; keep one of them.`)
}

/** What a method writes: its headers (in lower case), query parameters or cookie. */
function placeOf(config: AuthConfig): string | readonly string[] | undefined {
  switch (config.type) {
    case 'none':
      return undefined
    case 'basic':
    case 'bearer':
    case 'oauth2_client_credentials':
    case 'oauth2_refresh_token':
    case 'jwt_bearer':
    case 'google':
    case 'oauth1':
    case 'aws_sigv4':
    case 'digest':
      return 'header authorization'
    case 'oauth2_authorization_code':
      return `header ${settingsOf(config).header.name}`
    case 'api_key':
      return showPlace(config)
    case 'login':
      return showPlace(placeOfToken(config))
    case 'hmac':
      return [
        ...Object.keys(config.headers).map((name) => showPlace({ in: 'header', name })),
        ...Object.keys(config.params).map((name) => showPlace({ in: 'query', name })),
        config.place.in === 'basic'
          ? 'header authorization'
          : showPlace({ ...config.place, name: config.place.name ?? '' }),
      ]
  }
}

function showPlace({ in: where, name }: { readonly in: string; readonly name: string }): string {
  return `${where} ${where === 'header' ? name.toLowerCase() : name}`
}
