import { closest, distance } from 'fastest-levenshtein'
import { SyncError } from '../base/errors.ts'
import { listNames } from '../base/nearest.ts'
import bigquery from './bigquery/definition.ts'
import type { DestinationDefinition, OpenDeps } from './definition.ts'
import type { Destination } from './destination.ts'
import duckdb from './duckdb/definition.ts'
import files from './files/definition.ts'
import type { LogReader } from './log-reader.ts'

/** To add a destination: write its folder and add its definition here. */
export const destinations = [duckdb, bigquery, files] as const

/** A destination as a person names it, taken apart. */
export type DestinationSpec = ReturnType<(typeof destinations)[number]['parse']>

const forms = listNames(destinations.map(({ form }) => form))

/** Parses what `forms` says; throws `CONFIG_INVALID` on anything else. */
export function parseDestination(text: string): DestinationSpec {
  const [, scheme, rest] = /^([A-Za-z][A-Za-z0-9_+-]*):(.*)$/s.exec(text) ?? []
  const refuse = (why: string) => new SyncError('CONFIG_INVALID', `The destination ${JSON.stringify(text)} ${why}.`)
  if (scheme === undefined || rest === undefined) throw refuse(`does not say what it is: expected ${forms}`)
  const known = destinations.find(({ type }) => type === scheme)
  if (known) return known.parse(rest, refuse)
  const nearest = closest(
    scheme.toLowerCase(),
    destinations.map(({ type }) => type),
  )
  const hint = distance(scheme.toLowerCase(), nearest) <= 3 ? ` (did you mean ${nearest}:?)` : ''
  throw refuse(`is of an unknown kind: expected ${forms}${hint}`)
}

/**
 * Opens a destination for one connector; only the client that the run uses is loaded. Throws `DESTINATION_BUSY` where
 * another process writes to it, `DESTINATION_READ_ONLY`, `DESTINATION_FULL` or `DESTINATION_FAILED`.
 */
export async function openDestination(
  spec: DestinationSpec,
  connectorName: string,
  deps: OpenDeps = {},
): Promise<Destination> {
  return definitionOf(spec).open(spec, connectorName, deps)
}

/** How to look at the log of a destination while others write there; undefined where it has to be opened. */
export const readerOf = (spec: DestinationSpec): LogReader<DestinationSpec> | undefined => definitionOf(spec).reader

const definitionOf = (spec: DestinationSpec): DestinationDefinition =>
  destinations.find(({ type }) => type === spec.type) as DestinationDefinition
