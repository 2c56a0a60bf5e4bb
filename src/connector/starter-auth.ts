import { authMethods, methodOf, type AuthConfig } from '../auth/index.ts'
import type { ExampleOptions } from '../auth/example.ts'

export type StarterAuthOptions = Omit<ExampleOptions, 'secret' | 'quote'>

export type StarterAuth = AuthConfig['type']

/** The methods that a connector file can be started with, the common ones first. */
export const starterAuth: readonly StarterAuth[] = authMethods.map(({ config }) => config.shape.type.value)

/** For the one who is asked. */
export const starterAuthLabel = (type: StarterAuth): string => methodOf({ type }).example.label

/** Whether the method needs `tokenUrl`. */
export const asksTokenUrl = (type: StarterAuth): boolean => methodOf({ type }).example.asksTokenUrl ?? false

/** The lines of `auth`, and a blank one; `quote` writes a text as a YAML scalar. */
export function writeStarterAuth(
  type: StarterAuth,
  options: StarterAuthOptions & Pick<ExampleOptions, 'quote'>,
): readonly string[] {
  const secret = (what: string): string => `secret:${options.name}-${what}`
  if (type === 'none') return [`# auth: { type: bearer, token: ${secret('token')} }`, '']
  const lines = methodOf({ type }).example.lines({ ...options, secret })
  const hasSecrets = lines.some((line) => line.includes('secret:'))
  return [
    ...(hasSecrets
      ? ['# Secrets are named, never written here: secret:NAME (Secret Manager), env:NAME or file:PATH.']
      : []),
    'auth:',
    ...[`type: ${type}`, ...lines].map((line) => `  ${line}`),
    '',
  ]
}
