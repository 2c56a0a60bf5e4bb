import { type Effects, systemEffects } from '../../base/effects.ts'
import { SyncError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Destination, TablePlan } from '../destination.ts'
import type { BigquerySpec } from './definition.ts'
import { stagingDataset } from '../../schema/system-columns.ts'
import { createClient } from './client.ts'
import type { Limits } from './exchange.ts'
import { estimateCommit } from './estimate.ts'
import { toFailure } from './failures.ts'
import { readPosition, readPositions, readRuns, readSlices, saveRun } from './log.ts'
import { createUsage, listPricePerTib } from './usage.ts'
import { createWarehouse, type Warehouse } from './warehouse.ts'
import { openWriter } from './writer.ts'

export interface BigqueryDeps {
  readonly effects?: Effects | undefined
  /** Instead of Google's: `http://127.0.0.1:PORT`. */
  readonly endpoint?: string | undefined
  readonly limits?: Partial<Limits> | undefined
  readonly log?: Pick<Log, 'warn'> | undefined
}

/**
 * Tables in a BigQuery dataset. Rows and checkpoint commit in one script; runs that race, in this process or in others,
 * are told apart by the id of its job.
 */
export function openBigquery(
  spec: BigquerySpec,
  connectorName: string,
  { effects = systemEffects, endpoint, limits, log }: BigqueryDeps = {},
): Destination {
  const dataset = spec.dataset ?? connectorName.replaceAll('-', '_')
  const client = createClient({ project: spec.project, endpoint, effects, limits })
  const usdPerTib = spec.usdPerTib ?? listPricePerTib
  const warehouse = createWarehouse({
    client,
    connector: connectorName,
    dataset,
    staging: spec.staging ?? stagingDataset(dataset),
    wantedLocation: spec.location,
    maximumBytesBilled: spec.maximumBytesBilled,
    usage: createUsage(usdPerTib),
    log,
  })
  const name = `dataset ${spec.project}.${dataset}`
  return {
    guarantee: 'exactly-once',
    batchAge: spec.batchAge ?? 30_000,
    exclusive: false,
    readPosition: (stream) => tell(warehouse, name, () => readPosition(warehouse, stream)),
    readSlices: (stream, without, staged) =>
      tell(warehouse, name, () => readSlices(warehouse, stream, { without, staged })),
    openTable(plan) {
      checkTable(plan)
      return tell(warehouse, `table ${dataset}.${plan.table}`, () => openWriter(warehouse, plan))
    },
    saveRun: (run) => tell(warehouse, `the record of run ${run.run_id}`, () => saveRun(warehouse, run)),
    recentRuns: (limit, filter) => tell(warehouse, name, () => readRuns(warehouse, { ...filter, limit })),
    positions: () => tell(warehouse, name, () => readPositions(warehouse)),
    usage: () => warehouse.usage.total(),
    estimate: (table) =>
      tell(warehouse, `table ${dataset}.${table.table}`, () => estimateCommit(warehouse, table, usdPerTib)),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  }
}

async function tell<T>(warehouse: Warehouse, where: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (thrown) {
    throw await toFailure(warehouse, thrown, where)
  }
}

function checkTable({ stream, table }: TablePlan): void {
  if (!/^_headrace_/i.test(table)) return
  throw new SyncError(
    'CONFIG_INVALID',
    `Stream ${stream} cannot write to ${table}: names that begin with _headrace_ are taken.`,
  )
}
