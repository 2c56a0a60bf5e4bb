import { SyncError, toSyncError } from '../base/errors.ts'
import type { Redactor } from './redactor.ts'
import type { SecretRef } from './ref.ts'
import { Secret } from './secret.ts'
import type { SecretStore } from './store.ts'

/** A reference, and who needs it: `auth.client_secret, used by streams a, b of acme.yaml`. */
export interface SecretUse {
  readonly ref: SecretRef
  readonly where: string
}

export interface ResolveDeps {
  readonly redactor: Redactor
  readonly signal: AbortSignal
}

/** Looks a value up: what was fetched for a reference, a literal as it is. */
export type Lookup = (value: SecretRef | string) => Secret

/**
 * Reads every distinct reference once, all at the same time, and makes each known to the redactor. All that fail are
 * reported together, each with who needs it. Throws `SECRET_*`, `CONFIG_INVALID`, `INTERRUPTED`.
 */
export async function resolveSecrets(
  uses: readonly SecretUse[],
  store: SecretStore,
  deps: ResolveDeps,
): Promise<Lookup> {
  const places = Map.groupBy(uses, ({ ref }) => ref.text)
  const results = await Promise.all(
    Array.from(places, async ([text, group]) => ({
      text,
      group,
      result: await settle((group[0] as SecretUse).ref, store, deps),
    })),
  )
  const failures = results.flatMap(({ group, result }) => (result instanceof Secret ? [] : [addPlaces(result, group)]))
  if (failures.length > 0) throw joinErrors(failures)
  const secrets = new Map(results.map(({ text, result }) => [text, result as Secret]))
  return (value) => lookUp(value, secrets)
}

async function settle(
  ref: SecretRef,
  store: SecretStore,
  { redactor, signal }: ResolveDeps,
): Promise<Secret | SyncError> {
  try {
    const secret = await store.read(ref, signal)
    redactor.add(secret)
    return secret
  } catch (thrown) {
    return toSyncError(thrown)
  }
}

function addPlaces(error: SyncError, group: readonly SecretUse[]): SyncError {
  if (error.code === 'INTERRUPTED') return error
  const where = [...new Set(group.map((use) => use.where))].join('; ')
  const text = (group[0] as SecretUse).ref.text
  return new SyncError(error.code, `${text} (needed for ${where}): ${error.message}`, {
    cause: error.cause,
    details: { ...error.details, secret: text, where },
  })
}

/** One error of several: that which a later try does not fix decides the code. */
function joinErrors(errors: readonly SyncError[]): SyncError {
  const interrupted = errors.find((error) => error.code === 'INTERRUPTED')
  const main = interrupted ?? errors.find((error) => !error.retry) ?? (errors[0] as SyncError)
  if (interrupted || errors.length === 1) return main
  return new SyncError(
    main.code,
    errors.map((error) => error.message),
    {
      cause: main.cause,
      details: { secrets: errors.map((error) => error.details) },
    },
  )
}

function lookUp(value: SecretRef | string, secrets: ReadonlyMap<string, Secret>): Secret {
  if (typeof value === 'string') return new Secret(value)
  const secret = secrets.get(value.text)
  if (!secret)
    throw new SyncError(
      'INTERNAL',
      `${value.text} was not fetched before the run; its key is missing from the list of secret references.`,
    )
  return secret
}
