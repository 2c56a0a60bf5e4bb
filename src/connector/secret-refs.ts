import { basename } from 'node:path'
import { methodOf } from '../auth/index.ts'
import { type SecretRef, isSecretRef } from '../secrets/ref.ts'
import type { Connector, StreamConfig } from './connector.ts'
import { isKeys } from './defaults.ts'
import { listNames } from '../base/nearest.ts'
import { showPath, type Path } from './problems.ts'

export interface NeededSecret {
  readonly ref: SecretRef
  /** `auth.client_secret, used by streams a and b of acme.yaml` */
  readonly where: string
}

/** Every secret that the connector refers to, as often as it does, in the order of the file. */
export function secretRefs(connector: Pick<Connector, 'auth' | 'tls' | 'streams' | 'file'>): readonly NeededSecret[] {
  const { auth, tls, streams } = connector
  const file = basename(connector.file)
  const found = (value: unknown, path: Path, users: readonly StreamConfig[]): readonly NeededSecret[] =>
    walk(value, path).map((use) => ({ ref: use.ref, where: `${showPath(use.path)}, ${showUsers(users)} of ${file}` }))
  const shared = streams.filter((stream) => stream.auth === undefined)
  return [
    ...(shared.length > 0 ? found(unwrapOne(auth), ['auth'], shared) : []),
    ...found(tls, ['tls'], streams),
    ...streams.flatMap((stream, at) => found(unwrapOne(stream.auth ?? []), ['streams', at, 'auth'], [stream])),
  ]
}

/** One method is mostly written without a list around it. */
const unwrapOne = (entries: Connector['auth']): unknown => (entries.length === 1 ? entries[0] : entries)

function showUsers(streams: readonly StreamConfig[]): string {
  const names = streams.map(({ name }) => name)
  const shown = names.length > 5 ? [...names.slice(0, 4), `${names.length - 4} more`] : names
  return `used by stream${names.length === 1 ? '' : 's'} ${listNames(shown, 'and')}`
}

/** Of a method of sign-in: these change while a run goes on, so its token store reads them. */
const tokenKeys = new Set(['tokens', 'refresh_token'])

function walk(value: unknown, path: Path): readonly { ref: SecretRef; path: Path }[] {
  if (isSecretRef(value)) return [{ ref: value, path }]
  if (Array.isArray(value)) return value.flatMap((item, at) => walk(item, [...path, at]))
  if (!isKeys(value)) return []
  const entries = Object.entries(value).filter(([key]) => !('type' in value && tokenKeys.has(key)))
  return entries.flatMap(([key, inner]) => walk(inner, [...path, key]))
}

/** The secrets that token stores read, and whether a run saves renewed tokens there. */
export function tokenRefs(
  connector: Pick<Connector, 'auth' | 'streams'>,
): readonly { readonly ref: SecretRef; readonly written: boolean }[] {
  const methods = [connector.auth, ...connector.streams.map(({ auth }) => auth ?? [])].flat()
  return methods.flatMap((method) =>
    Object.entries(method).flatMap(([key, value]) =>
      tokenKeys.has(key) && isSecretRef(value)
        ? [{ ref: value, written: methodOf(method).savesTokens?.(method) ?? false }]
        : [],
    ),
  )
}
