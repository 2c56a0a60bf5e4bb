import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Connector } from '../connector/connector.ts'
import { loadConnector } from '../connector/load.ts'
import { secretRefs, tokenRefs } from '../connector/secret-refs.ts'
import { SyncError, toSyncError } from '../base/errors.ts'

/** What the connectors of a deployment ask of the project. */
export interface Needs {
  readonly connectors: readonly string[]
  /** The connector files, without their folder. */
  readonly files: readonly string[]
  /** A dataset for each. */
  readonly datasets: readonly string[]
  readonly secrets: readonly NeededSecret[]
  readonly schedules: readonly Schedule[]
}

export interface NeededSecret {
  /** Short: secrets of other projects are that project's to grant. */
  readonly name: string
  /** The function saves renewed tokens there. */
  readonly written: boolean
}

export interface Schedule {
  readonly connector: string
  readonly cron: string
  readonly timeZone: string
}

/** Reads every connector file of `dir`. Throws `CONFIG_INVALID` with all that is wrong in all of them. */
export async function readNeeds(dir: string): Promise<Needs> {
  const connectors = await loadAll(dir)
  refuseFiles(connectors)
  return {
    connectors: connectors.map(({ name }) => name),
    files: connectors.map(({ file }) => basename(file)),
    datasets: connectors.map(({ name }) => name.replaceAll('-', '_')),
    secrets: joinSecrets(connectors.flatMap(findSecrets)),
    schedules: connectors.flatMap(({ name, schedule }) =>
      schedule ? [{ connector: name, cron: schedule.cron, timeZone: schedule.time_zone }] : [],
    ),
  }
}

async function loadAll(dir: string): Promise<readonly Connector[]> {
  const files = await readdir(dir).catch((cause: unknown) => {
    throw new SyncError(
      'CONFIG_INVALID',
      `There is no directory ${dir}: name the one with the connector files by --connectors.`,
      { cause },
    )
  })
  const names = files.filter((file) => /\.(?:ya?ml|json)$/.test(file)).toSorted()
  if (names.length === 0)
    throw new SyncError(
      'CONFIG_INVALID',
      `${dir} holds no connector file: make one with headrace init, there is nothing to deploy yet.`,
    )
  const results = await Promise.allSettled(names.map((name) => loadConnector(join(dir, name))))
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [toSyncError(result.reason)] : []))
  if (errors.length > 0)
    throw new SyncError(
      'CONFIG_INVALID',
      errors.flatMap(({ message }) => message.split('\n')),
    )
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}

/** What a `file:` names is a secret on this machine: it must not be uploaded, and the function would not find it. */
function refuseFiles(connectors: readonly Connector[]): void {
  const problems = connectors.flatMap((connector) =>
    usesOf(connector).flatMap(({ ref }) =>
      ref.store === 'file' ? [`${connector.file} reads file:${ref.name}: use secret:NAME for what is deployed.`] : [],
    ),
  )
  if (problems.length > 0) throw new SyncError('CONFIG_INVALID', problems)
}

function usesOf(connector: Connector) {
  const read = [...secretRefs(connector).map(({ ref }) => ref), ...(connector.alerts ?? [])]
  return [...read.map((ref) => ({ ref, written: false })), ...tokenRefs(connector)]
}

function findSecrets(connector: Connector): readonly NeededSecret[] {
  return usesOf(connector).flatMap(({ ref, written }) =>
    ref.store === 'secret' && !ref.name.includes('/') ? [{ name: ref.name, written }] : [],
  )
}

function joinSecrets(secrets: readonly NeededSecret[]): readonly NeededSecret[] {
  const groups = Map.groupBy(secrets, ({ name }) => name)
  return Array.from(groups, ([name, group]) => ({ name, written: group.some(({ written }) => written) }))
}
