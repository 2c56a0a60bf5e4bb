import type { BigqueryDeps } from './bigquery/index.ts'
import type { Destination } from './destination.ts'
import type { DestinationSpec } from './spec.ts'

export { type DestinationSpec, parseDestination } from './spec.ts'

/**
 * Opens a destination for one connector; only the client that the run uses is loaded. Throws `DESTINATION_BUSY` where
 * another process writes to it, `DESTINATION_READ_ONLY`, `DESTINATION_FULL` or `DESTINATION_FAILED`.
 */
export async function openDestination(
  spec: DestinationSpec,
  connectorName: string,
  deps: { readonly bigquery?: BigqueryDeps } = {},
): Promise<Destination> {
  switch (spec.type) {
    case 'duckdb': {
      const { openDuckdb } = await import('./duckdb/index.ts')
      return openDuckdb(spec, connectorName)
    }
    case 'files': {
      const { openFiles } = await import('./files/index.ts')
      return openFiles(spec, connectorName)
    }
    case 'bigquery': {
      const { openBigquery } = await import('./bigquery/index.ts')
      return openBigquery(spec, connectorName, deps.bigquery)
    }
  }
}
