import { z } from 'zod'
import { SyncError } from '../errors.ts'
import apiKey from './api-key.ts'
import type { Auth, AuthDeps } from './auth.ts'
import basic from './basic.ts'
import bearer from './bearer.ts'
import clientCredentials from './client-credentials.ts'
import none from './none.ts'

/** To add a method: write its file, add it here and to the switch below. */
export const authConfig = z.discriminatedUnion('type', [
  none.config,
  basic.config,
  bearer.config,
  apiKey.config,
  clientCredentials.config,
])

export type AuthConfig = z.output<typeof authConfig>

/**
 * One `Auth` of a list: it signs in order, renews whatever can be renewed, and knows all query parameters. Throws
 * `CONFIG_INVALID` where two of the list would overwrite each other.
 */
export function createAuth(configs: readonly AuthConfig[], deps: AuthDeps): Auth {
  refuseSamePlace(configs)
  const parts = configs.map((config) => createPart(config, deps))
  const renewable = parts.filter((part) => part.renew !== undefined)
  return {
    async sign(request) {
      let signed = request
      for (const part of parts) signed = await part.sign(signed)
      return signed
    },
    ...(renewable.length > 0 && {
      async renew(rejected) {
        for (const part of renewable) await part.renew?.(rejected)
      },
    }),
    queryParams: parts.flatMap((part) => part.queryParams ?? []),
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
  }
}

function refuseSamePlace(configs: readonly AuthConfig[]): void {
  const places = configs.map(placeOf).filter((place) => place !== undefined)
  const twice = places.find((place, at) => places.indexOf(place) !== at)
  if (twice === undefined) return
  throw new SyncError('CONFIG_INVALID', `Two methods under auth both write the ${twice}; keep one of them.`)
}

function placeOf(config: AuthConfig): string | undefined {
  switch (config.type) {
    case 'none':
      return undefined
    case 'basic':
    case 'bearer':
    case 'oauth2_client_credentials':
      return 'header authorization'
    case 'api_key':
      return `${config.in} ${config.in === 'header' ? config.name.toLowerCase() : config.name}`
  }
}
