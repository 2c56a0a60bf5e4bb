import { createOnce } from './create.ts'
import { toLabel } from './labels.ts'
import { datasetReply } from './replies.ts'
import { checkLocation, readDatasetLocation, type Warehouse } from './warehouse.ts'

/** What a run leaves behind when it is killed goes by itself after a day. */
const stagingExpiration = 24 * 3_600_000

/** Creates the dataset where it is missing. Throws `CONFIG_INVALID` where it lies in another location. */
export async function createMainDataset(warehouse: Warehouse): Promise<void> {
  const { dataset, wantedLocation } = warehouse
  if ((await warehouse.findLocation()) !== undefined) return
  await createDataset(warehouse, dataset, { ...(wantedLocation !== undefined && { location: wantedLocation }) })
  warehouse.forgetLocation()
}

/** Creates the dataset for staging, where the main one lies, where it is missing. Throws `CONFIG_INVALID` as above. */
export async function createStagingDataset(warehouse: Warehouse): Promise<void> {
  const { client, staging } = warehouse
  const location = await warehouse.findLocation()
  const found = await readDatasetLocation(client, staging)
  if (found !== undefined) checkLocation(`${client.project}.${staging}`, found, location)
  else await createDataset(warehouse, staging, { location, defaultTableExpirationMs: String(stagingExpiration) })
}

async function createDataset(warehouse: Warehouse, dataset: string, more: object): Promise<void> {
  const { client, connector } = warehouse
  const body = {
    datasetReference: { projectId: client.project, datasetId: dataset },
    labels: { managed_by: 'headrace', headrace_connector: toLabel(connector) },
    ...more,
  }
  await createOnce(
    client,
    () => client.call({ method: 'POST', path: '/datasets', body }, datasetReply),
    async () => (await readDatasetLocation(client, dataset)) !== undefined,
  )
}
