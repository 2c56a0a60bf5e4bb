import type { Destination } from '../../../src/destinations/destination.ts'
import type { Column } from '../../../src/schema/types.ts'
import { idAndName } from '../../destinations/batch.ts'
import type { TextRow } from '../../destinations/read-rows.ts'

export interface DestinationOptions {
  /** False for a member that keeps every version of a row. */
  readonly updates: boolean
  /** How many kills the kill test does; 0 where a process of its own cannot reach the place. */
  readonly kills: number
  /** The largest integer that a bignumeric column takes; 2^127 - 1 where absent. */
  readonly largest?: string
  /** How often a property is tried; 25 times where absent. */
  readonly runs?: number
  /** Why declared types do not widen here, where what stands for the service cannot do what the service does. */
  readonly cannotWidenDeclared?: string
  /** An empty place of this test's own, as a destination's text. */
  readonly createPlace: () => Promise<string>
  /** The rows of a table as text, in any order; empty where there is no table. Nothing has the place open. */
  readonly readRows: (place: string, table: string, columns: readonly Column[]) => Promise<readonly TextRow[]>
  /** Names of the tables that hold a connector's rows. */
  readonly listTables: (place: string) => Promise<readonly string[]>
}

/** What the parts of the suite work with. */
export interface Harness extends DestinationOptions {
  readonly name: string
  /** Opens the place, and closes it when the task is done. */
  readonly use: <T>(place: string, task: (destination: Destination) => Promise<T>) => Promise<T>
  readonly readIds: (place: string) => Promise<readonly number[]>
}

export function createHarness(
  name: string,
  open: (place: string) => Promise<Destination>,
  options: DestinationOptions,
): Harness {
  return {
    ...options,
    name,
    async use(place, task) {
      await using destination = await open(place)
      return await task(destination)
    },
    async readIds(place) {
      const rows = await options.readRows(place, 'orders', idAndName)
      return rows.map((row) => Number(row['id'])).toSorted((a, b) => a - b)
    },
  }
}

export const integer = (name: string): Column => ({ name, type: 'integer' })
export const text = (name: string): Column => ({ name, type: 'string' })

export function sortRows<T>(rows: readonly T[]): readonly T[] {
  return rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}
