import { basename } from 'node:path'
import type { SecretRef } from '../secrets/ref.ts'
import type { Connector } from './connector.ts'
import { isKeys } from './defaults.ts'
import { listNames } from './nearest.ts'
import { showPath } from './problems.ts'
import type { Path } from './problems.ts'

export interface NeededSecret {
  readonly ref: SecretRef
  /** `auth.client_secret, used by streams a and b of acme.yaml` */
  readonly where: string
}

/** Every secret that the connector refers to, as often as it does, in the order of the file. */
export function secretRefs(connector: Pick<Connector, 'auth' | 'streams' | 'file'>): readonly NeededSecret[] {
  const names = connector.streams.map(({ name }) => name)
  const shown = names.length > 5 ? [...names.slice(0, 4), `${names.length - 4} more`] : names
  const users = `used by stream${names.length === 1 ? '' : 's'} ${listNames(shown, 'and')} of ${basename(connector.file)}`
  const { auth } = connector
  const found = auth.length === 1 ? walk(auth[0], ['auth']) : walk(auth, ['auth'])
  return found.map(({ ref, path }) => ({ ref, where: `${showPath(path)}, ${users}` }))
}

function walk(value: unknown, path: Path): readonly { ref: SecretRef; path: Path }[] {
  if (isSecretRef(value)) return [{ ref: value, path }]
  if (Array.isArray(value)) return value.flatMap((item, at) => walk(item, [...path, at]))
  return isKeys(value) ? Object.entries(value).flatMap(([key, inner]) => walk(inner, [...path, key])) : []
}

const isSecretRef = (value: unknown): value is SecretRef =>
  isKeys(value) &&
  typeof value['text'] === 'string' &&
  typeof value['name'] === 'string' &&
  ['secret', 'env', 'file'].includes(String(value['store']))
