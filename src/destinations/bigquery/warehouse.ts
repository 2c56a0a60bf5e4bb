import { SyncError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Client } from './client.ts'
import { datasetReply } from './replies.ts'
import { isNotFound } from './service-error.ts'
import { quoteName } from './sql.ts'
import type { Usage } from './usage.ts'

/** A connector's dataset, and what all requests about it share. */
export interface Warehouse {
  readonly client: Client
  readonly connector: string
  readonly dataset: string
  /** The dataset whose tables go by themselves after a day. */
  readonly staging: string
  /** As the destination's text asks for; else that of the dataset, or the service's own choice for a new one. */
  readonly wantedLocation: string | undefined
  /** Of each query job, as the service takes it; undefined where there is no limit. */
  readonly maximumBytesBilled: string | undefined
  readonly usage: Usage
  readonly log?: Pick<Log, 'warn'> | undefined
  /** Where the dataset lies; undefined where there is none. Asked once. Throws `CONFIG_INVALID` where another place is asked for. */
  findLocation(): Promise<string | undefined>
  /** Asks again next time: the dataset was created. */
  forgetLocation(): void
}

export type WarehouseOptions = Omit<Warehouse, 'findLocation' | 'forgetLocation'>

export function createWarehouse(options: WarehouseOptions): Warehouse {
  let location: Promise<string | undefined> | undefined
  return {
    ...options,
    findLocation() {
      location ??= askLocation(options).catch((thrown: unknown) => {
        location = undefined
        throw thrown
      })
      return location
    },
    forgetLocation() {
      location = undefined
    },
  }
}

async function askLocation({ client, dataset, wantedLocation }: WarehouseOptions): Promise<string | undefined> {
  const found = await readDatasetLocation(client, dataset)
  if (found !== undefined) checkLocation(`${client.project}.${dataset}`, found, wantedLocation)
  return found
}

export async function readDatasetLocation(client: Client, dataset: string): Promise<string | undefined> {
  try {
    return (await client.call({ method: 'GET', path: `/datasets/${dataset}` }, datasetReply)).location
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined
    throw thrown
  }
}

/** A dataset never moves, and no job reads from one location and writes to another. */
export function checkLocation(dataset: string, found: string, wanted: string | undefined): void {
  if (wanted === undefined || wanted.toLowerCase() === found.toLowerCase()) return
  throw new SyncError(
    'CONFIG_INVALID',
    `The dataset ${dataset} lies in ${found}, not in ${wanted}: write location=${found}, or name another dataset, as none can be moved.`,
  )
}

/** A table as SQL spells it. */
export function qualify({ client, dataset }: Pick<Warehouse, 'client' | 'dataset'>, table: string): string {
  return quoteName(`${client.project}.${dataset}.${table}`)
}

export function qualifyStaged({ client, staging }: Warehouse, table: string): string {
  return qualify({ client, dataset: staging }, table)
}
