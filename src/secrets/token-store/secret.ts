import { randomUUID } from 'node:crypto'
import type { Effects } from '../../base/effects.ts'
import { SyncError } from '../../base/errors.ts'
import { crc32c } from '../crc32c.ts'
import { formatParentName, formatSecretName } from '../resource-name.ts'
import { retry } from '../retry.ts'
import { accessVersion, limits, timeoutMs } from '../secret-manager.ts'
import type { OpenedSecret } from '../secret-manager-client.ts'
import { isMissing, isStale, isThere, toSecretError } from '../secret-manager-error.ts'
import { retireVersions } from '../secret-versions.ts'
import { type StoredText, type TokenBackend, formatLeaseRecord, parseLeaseRecord } from './backend.ts'

/** PERMISSION_DENIED of google.rpc.Code. */
const grpcForbidden = 7

/** The annotation of a secret that holds the record: made for what client tools need to remember (Secret.annotations). */
const annotation = 'headrace'

export interface TokenSecretOptions {
  /** For messages: `secret:acme-tokens`. */
  readonly name: string
  readonly open: () => Promise<OpenedSecret>
  readonly effects: Effects
}

/**
 * Tokens in Secret Manager: each saved text is a version. AddSecretVersion knows no compare-and-swap, so the lease and the
 * number of the newest version are in an annotation of the secret, which UpdateSecret changes only where its etag is still
 * the current one. Reads may lag behind there; only the read of a version by its number never does.
 */
export function createTokenSecret({ name, open, effects }: TokenSecretOptions): TokenBackend {
  const call = (signal: AbortSignal) => ({ retry: null, timeout: timeoutMs, signal })

  async function readSecret(signal: AbortSignal) {
    const { client, name: full } = await open()
    return retry(
      () =>
        client.getSecret({ name: formatSecretName(full) }, call(signal)).then(
          ([secret]) => secret,
          (thrown: unknown) => {
            throw toSecretError(thrown, full, 'look')
          },
        ),
      limits,
      { effects, signal },
    )
  }

  return {
    name,
    async create(signal) {
      const { client, name: full } = await open()
      const secret = { replication: full.location === undefined ? { automatic: {} } : {} }
      const request = { parent: formatParentName(full), secretId: full.secret, secret }
      const create = async (): Promise<void> => {
        try {
          await client.getSecret({ name: formatSecretName(full) }, call(signal))
        } catch (thrown) {
          if (!isMissing(thrown)) throw toSecretError(thrown, full, 'look')
          await client.createSecret(request, call(signal)).catch((failure: unknown) => {
            if (!isThere(failure)) throw toSecretError(failure, full, 'create')
          })
        }
      }
      await retry(create, limits, { effects, signal })
    },
    records: {
      async read(signal) {
        const { annotations, etag } = await readSecret(signal)
        return { record: parseLeaseRecord(annotations?.[annotation]), tag: JSON.stringify({ annotations, etag }) }
      },
      async swap(record, tag, signal) {
        const { client, name: full } = await open()
        const { annotations, etag } = JSON.parse(tag) as { annotations?: Record<string, string>; etag?: string }
        // Without an etag the update would succeed whatever stands there.
        if (!etag) throw new SyncError('SECRET_UNAVAILABLE', `${name} came without an etag; try again later.`)
        const changed = { ...annotations, [annotation]: formatLeaseRecord(record) }
        const secret = { name: formatSecretName(full), etag, annotations: changed }
        try {
          const [now] = await client.updateSecret({ secret, updateMask: { paths: ['annotations'] } }, call(signal))
          return { record, tag: JSON.stringify({ annotations: now.annotations, etag: now.etag }) }
        } catch (thrown) {
          if (isStale(thrown)) return undefined
          throw toSecretError(thrown, full, 'lease')
        }
      },
      nameHolder: () => randomUUID(),
      isGone: () => false,
    },
    text: {
      async read(signal, known) {
        const { client, name: full } = await open()
        const access = (version: string) =>
          retry(() => accessVersion(client, { ...full, version }, signal), limits, { effects, signal })
        const latest = await access('latest').then(toStored, (thrown: unknown) => {
          if (known !== undefined && isNotEnabled(thrown)) return undefined
          if (isNothing(thrown)) return undefined
          throw thrown
        })
        if (known === undefined || Number(latest?.revision ?? 0) >= Number(known)) return latest
        return toStored(await access(known))
      },
      async checkWritable(signal) {
        const { client, name: full } = await open()
        const permissions = ['secretmanager.versions.add']
        const request = { resource: formatSecretName(full), permissions }
        // Where the question itself is not answered, the write will tell.
        const granted = await client.testIamPermissions(request, call(signal)).then(
          ([answer]) => answer.permissions ?? [],
          () => permissions,
        )
        if (granted.length === 0) throw toSecretError({ code: grpcForbidden }, full, 'add')
      },
      async write(text, signal) {
        const { client, name: full } = await open()
        const data = Buffer.from(text)
        const payload = { data, dataCrc32c: String(crc32c(data)) }
        try {
          const [added] = await client.addSecretVersion({ parent: formatSecretName(full), payload }, call(signal))
          return (added.name ?? '').replace(/^.*\//, '')
        } catch (thrown) {
          throw toSecretError(thrown, full, 'add')
        }
      },
      async discard(revision, signal) {
        const { client, name: full } = await open()
        const version = { name: `${formatSecretName(full)}/versions/${revision}` }
        await client.disableSecretVersion(version, call(signal)).catch((thrown: unknown) => {
          throw toSecretError(thrown, full, 'tidy')
        })
      },
      async tidy(revision, first, signal) {
        await retireVersions(await open(), { newest: Number(revision), first: Number(first) }, call(signal))
      },
    },
  }
}

function toStored({ text, version }: { readonly text: string; readonly version: string }): StoredText {
  return { text, revision: version }
}

/** No version yet, or no secret at all. */
function isNothing(thrown: unknown): boolean {
  return thrown instanceof SyncError && thrown.details['absent'] === true
}

function isNotEnabled(thrown: unknown): boolean {
  return thrown instanceof SyncError && thrown.details['state'] === 'not enabled'
}
