import { basename, resolve } from 'node:path'
import type { DuckdbSpec } from './definition.ts'
import { schemaName } from '../../schema/system-columns.ts'

/** Where the tables of a connector lie in a DuckDB file. */
export function schemaOf({ path, schema }: DuckdbSpec, connectorName: string): string {
  // DuckDB names a file's catalog after what stands before the first dot; a schema of that name would be ambiguous.
  const [container = ''] = basename(resolve(path)).split('.')
  return schema ?? schemaName(connectorName, container) ?? 'main'
}
