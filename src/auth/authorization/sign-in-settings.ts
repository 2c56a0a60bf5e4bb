import type { SecretRef } from '../../secrets/ref.ts'
import { type AuthorizationCodeConfig, clientAuthOf } from './authorization-code-config.ts'
import { type ProviderPreset, type RedirectRule, providers } from './providers/index.ts'

type Parameters = Readonly<Record<string, SecretRef | string>>

/** How one authorization server is to be dealt with: the connector's own keys, a preset's where those are silent. */
export interface SignInSettings {
  /** For people: `GitHub`, or the host. */
  readonly label: string
  readonly preset?: ProviderPreset
  /** As configured or known; undefined where nobody said so. */
  readonly issuer?: string
  /** Each undefined where `issuer` must be asked. */
  readonly authorizeUrl?: string
  readonly tokenUrl?: string
  readonly deviceUrl?: string
  readonly clientAuth: NonNullable<AuthorizationCodeConfig['client_auth']>
  /** All that are asked for, those of the preset included. */
  readonly scopes: readonly string[]
  readonly scopeSeparator: ' ' | ','
  readonly extra: Parameters
  readonly tokenExtra: Parameters
  readonly pkce: boolean
  readonly redirect: RedirectRule
  readonly redirectUrl?: string
  readonly tokenField?: string
  /** Where the API wants the token; the name in lower case. */
  readonly header: { readonly name: string; readonly prefix: string }
}

const bearer = { name: 'authorization', prefix: 'Bearer ' }

export function settingsOf(config: AuthorizationCodeConfig): SignInSettings {
  const preset: ProviderPreset | undefined = config.provider && providers[config.provider]
  const fill = (url: string | undefined): string | undefined => url && preset && fillAccount(url, { preset, config })
  const urls = {
    authorizeUrl: config.authorize_url ?? fill(preset?.authorizeUrl),
    tokenUrl: config.token_url ?? fill(preset?.tokenUrl),
    deviceUrl: config.device_url ?? fill(preset?.deviceUrl),
    // A preset's issuer speaks of the preset's own endpoint only.
    issuer: config.issuer ?? (config.authorize_url ? undefined : preset?.issuer),
    redirectUrl: config.redirect_url,
    tokenField: config.token_field ?? preset?.tokenField,
  }
  const place = config.place && { name: config.place.name.toLowerCase(), prefix: config.place.prefix }
  return {
    label: preset?.label ?? hostOf(urls.authorizeUrl ?? urls.issuer ?? urls.tokenUrl),
    ...(preset && { preset }),
    ...dropUndefined(urls),
    clientAuth: clientAuthOf(config),
    scopes: [...new Set([...config.scopes, ...(preset?.scopes ?? [])])],
    scopeSeparator: config.scope_separator ?? preset?.scopeSeparator ?? ' ',
    extra: { ...preset?.extra, ...config.extra },
    tokenExtra: { ...preset?.tokenExtra, ...config.token_extra },
    pkce: config.pkce ?? preset?.pkce ?? true,
    redirect: preset?.redirect ?? { kind: 'any_port', host: '127.0.0.1' },
    header: place ?? preset?.header ?? bearer,
  }
}

function fillAccount(
  url: string,
  { preset, config }: { readonly preset: ProviderPreset; readonly config: AuthorizationCodeConfig },
): string {
  const { account } = preset
  if (!account) return url
  const value = config[account.key] ?? account.default ?? ''
  return url.replace(`{${account.key}}`, account.fill?.(value) ?? value)
}

function hostOf(url: string | undefined): string {
  return (url && URL.parse(url)?.host) ?? 'the provider'
}

type Defined<Fields> = { readonly [Key in keyof Fields]?: NonNullable<Fields[Key]> }

/** Absent and undefined are two things to the compiler. */
function dropUndefined<Fields extends object>(fields: Fields): Defined<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<Fields>
}
