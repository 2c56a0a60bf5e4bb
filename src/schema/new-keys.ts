import { legalName } from './names.ts'
import type { Member } from './value.ts'

/** Characters of a field's name. What a table and a checkpoint keep of it is carried along for ever. */
export const longestKey = 1_024

/** BigQuery has 10,000 columns in a table; some are kept for what headrace adds of its own. */
export const mostColumns = 9_900

/** Characters of the names that go into each checkpoint, as their columns are not named after them. */
export const mostRenamed = 512 * 1024

export interface Growth {
  readonly isKnown: (key: string) => boolean
  /** Columns so far. */
  readonly columns: number
  /** Characters of the names so far that go into each checkpoint. */
  readonly renamed: number
}

/**
 * Why a row has fields that a table must not get, or undefined. Asked before anything of the row is placed, so that one
 * absurd row takes no column from those behind it.
 */
export function refuseKeys(members: readonly Member[], { isKnown, columns, renamed }: Growth): string | undefined {
  const fresh = members.filter(({ key, kind }) => kind !== 'null' && !isKnown(key))
  if (fresh.length === 0) return undefined
  const long = fresh.find(({ key }) => key.length > longestKey)
  if (long)
    return `has a field whose name of ${long.key.length} characters is longer than ${longestKey} (it begins with ${JSON.stringify(long.key.slice(0, 40))})`
  if (columns + fresh.length > mostColumns)
    return `has ${fresh.length} new fields, which would make more than the ${mostColumns} columns that a table may have`
  const added = fresh.reduce((sum, { key }) => sum + sizeOfName(key, legalName(key)), 0)
  return added > 0 && renamed + added > mostRenamed
    ? `has ${fresh.length} new fields, whose names would make more than the ${mostRenamed} characters that a checkpoint keeps of such names`
    : undefined
}

/** What a checkpoint keeps of a field's name, in characters. */
export const sizeOfName = (key: string, column: string): number => (key === column ? 0 : key.length + column.length)
