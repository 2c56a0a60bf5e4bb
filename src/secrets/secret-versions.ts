import type { CallOptions } from 'google-gax'
import { formatSecretName } from './resource-name.ts'
import type { OpenedSecret } from './secret-manager-client.ts'
import { toSecretError } from './secret-manager-error.ts'

/** How many disabled versions stay, for a person who wants to know what was, or to put one back. */
const kept = 5

export interface VersionRange {
  /** The version that is in use. */
  readonly newest: number
  /** The oldest that this program wrote: what a person stored before is never destroyed. */
  readonly first: number
}

/**
 * Disables the versions before the newest, and destroys those of this program but for the last few. A version that has
 * an alias is in use by somebody and stays as it is. Throws `SECRET_*`.
 */
export async function retireVersions(
  { client, name }: OpenedSecret,
  range: VersionRange,
  call: CallOptions,
): Promise<void> {
  try {
    const [secret] = await client.getSecret({ name: formatSecretName(name) }, call)
    const named = new Set(Object.values(secret.versionAliases ?? {}).map(Number))
    // The newest come first, and what lies beyond them was put away long ago.
    const request = { parent: formatSecretName(name), pageSize: 100 }
    const [versions] = await client.listSecretVersions(request, { ...call, autoPaginate: false })
    const older = versions
      .map((version) => ({ ...version, number: Number((version.name ?? '').replace(/^.*\//, '')) }))
      .filter(({ number, state }) => number < range.newest && !named.has(number) && !isState(state, 'DESTROYED', 3))
      .toSorted((left, right) => right.number - left.number)
    for (const [at, { name: version, number, state }] of older.entries()) {
      if (version === undefined || version === null) continue
      if (at >= kept && number >= range.first) await client.destroySecretVersion({ name: version }, call)
      else if (isState(state, 'ENABLED', 1)) await client.disableSecretVersion({ name: version }, call)
    }
  } catch (thrown) {
    throw toSecretError(thrown, name, 'tidy')
  }
}

/** An enum arrives as a number or as a name (the REST mode asks for numbers). */
function isState(state: unknown, name: string, number: number): boolean {
  return state === name || state === number
}
