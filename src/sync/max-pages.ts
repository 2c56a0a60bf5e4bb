import { writeMode } from '../connector/write-mode.ts'
import { SyncError } from '../base/errors.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import type { JobOptions } from './job-options.ts'
import type { ListingPlan } from './stream.ts'

interface CutRules {
  /** Names the stream in messages. */
  readonly where: string
  /** The rows replace the table, or tell which of its rows are gone. */
  readonly replaces: boolean
  /** Rows are appended, so that what is read again comes twice. */
  readonly appends: boolean
  /** The stream has a cursor. */
  readonly hasCursor: boolean
  /** The provider promises oldest first, so that all unread rows are at the last cursor or beyond it. */
  readonly ascending: boolean
}

export interface CutListing {
  /** The cursor that the listing started from, and the highest that it has read. */
  readonly from: CursorValue | null
  readonly highest: CursorValue | null
  /** Several slices share the cursor. */
  readonly shared: boolean
}

/** What becomes of the cursor where `max_pages` cuts a listing off. */
interface Cut {
  readonly moves: boolean
  readonly warning?: string
}

/**
 * A listing that `max_pages` cuts off has unread rows. Only where it is sorted oldest first may the cursor move to what was
 * read: the next run goes on there. Throws `LISTING_INCOMPLETE` where going on would delete rows, bring them twice, or
 * never get any further.
 */
function judgeCut(rules: CutRules, { from, highest, shared }: CutListing): Cut {
  const { where, replaces, appends, hasCursor, ascending } = rules
  const what = `${where}: max_pages ended the listing with pages unread`
  if (replaces) throw incomplete(`${what}, so that it replaces and deletes nothing: raise max_pages, or leave it out`)
  if (hasCursor && ascending && !shared) {
    if (highest !== null && highest !== from) return { moves: true }
    throw incomplete(`${what}, all of them at one cursor, so that no run gets any further: raise max_pages`)
  }
  if (hasCursor && appends)
    throw incomplete(
      `${what}, and the cursor cannot pass them: sort by the cursor and declare order: asc, or raise max_pages`,
    )
  const rest = hasCursor ? ', so that the cursor stays where it was: sort by the cursor and declare order: asc' : ''
  return { moves: !hasCursor, warning: `${what}${rest}.` }
}

/** Judges the cuts of a stream, and warns of those that leave rows unread. True where the cursor may move. */
export function cutBy({ staged }: Pick<ListingPlan, 'staged'>, options: JobOptions): (cut: CutListing) => boolean {
  const { stream, connector, backfill, warn } = options
  const rules = {
    where: `stream ${stream.name} of ${connector.name}`,
    replaces: staged,
    appends: writeMode(stream) === 'append',
    hasCursor: stream.incremental !== undefined && backfill === undefined,
    ascending: stream.incremental?.order === 'asc',
  }
  return (cut) => {
    const { moves, warning } = judgeCut(rules, cut)
    if (warning !== undefined) warn('LISTING_IN_DOUBT', warning)
    return moves
  }
}

const incomplete = (what: string): SyncError => new SyncError('LISTING_INCOMPLETE', what)
