import type { SyncError } from '../base/errors.ts'
import type { BigqueryDeps } from './bigquery/index.ts'
import type { Destination } from './destination.ts'
import type { LogReader } from './log-reader.ts'

/** A destination as a person names it, taken apart. */
export interface Spec {
  readonly type: string
}

/** What the clients need, by the type of the destination. */
export interface OpenDeps {
  readonly bigquery?: BigqueryDeps
}

/**
 * All that the rest of the program knows of a kind of destination. Of little weight: the client is loaded by what opens
 * or reads it.
 */
export interface DestinationDefinition<Of extends Spec = Spec> {
  /** What stands before the colon. */
  readonly type: Of['type']
  /** How a person writes it, for messages: `duckdb:PATH[#SCHEMA]`. */
  readonly form: string
  /** What it is, in a sentence, and one of its kind: both for the reference. */
  readonly meaning: string
  readonly example: string
  /** What may stand behind a question mark. */
  readonly options?: Readonly<Record<string, SpecOption>>
  /** Takes apart what stands behind the colon; throws what `refuse` makes of a reason. */
  parse(rest: string, refuse: Refuse): Of
  /** Opens it for one connector, by its name. */
  open(spec: Of, connector: string, deps: OpenDeps): Promise<Destination>
  /** How to look at its log without opening it for a run; absent where that is no different. */
  readonly reader?: LogReader<Of>
}

/** An option of a destination, as the reference describes it. */
export interface SpecOption {
  readonly meaning: string
  readonly default?: string
  /** `location=EU` */
  readonly example: string
}

export type Refuse = (why: string) => SyncError

/** Identity at run time; ties the types of the functions to what `parse` returns. */
export function defineDestination<const Of extends Spec>(
  definition: DestinationDefinition<Of>,
): DestinationDefinition<Of> {
  return definition
}
