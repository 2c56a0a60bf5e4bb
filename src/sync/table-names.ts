import type { Destination, Position } from '../destinations/destination.ts'
import { variantName } from '../schema/names.ts'
import type { Column } from '../schema/types.ts'
import type { Checkpoint } from '../destinations/checkpoint.ts'
import type { ListingPlan, StreamJob } from './stream.ts'

type Names = NonNullable<Checkpoint['names']>

/** What the log says of the stream; of a backfill it is the stream's own names of columns that count, and its cursor's spelling. */
export async function readPosition({ id, beside, sealer }: StreamJob, destination: Destination): Promise<Position> {
  const saved = await destination.readPosition(id)
  const position = { ...saved, checkpoint: sealer.unseal(saved.checkpoint) }
  if (beside === undefined) return position
  const { names = [], cursor } = (await destination.readPosition(beside)).checkpoint
  const joined = joinNames([names, position.checkpoint.names ?? []])
  return { ...position, checkpoint: { ...(cursor && { cursor }), ...position.checkpoint, names: joined } }
}

/**
 * Adds the names of columns that the stream's backfills have made (and for a backfill, the other backfills), where the
 * table has some that the stream does not know: each of them has a log of its own.
 */
export async function adoptNames(
  job: StreamJob,
  listing: ListingPlan,
  columns: readonly Column[],
  destination: Destination,
): Promise<ListingPlan> {
  const { position } = listing
  const { names = [] } = position.checkpoint
  if (columns.length === 0 || (position.seq > 0 && !hasUnknown(columns, names))) return listing
  const stream = job.beside ?? job.id
  const family = (await destination.positions()).filter(
    (one) => one.stream !== job.id && (one.stream === stream || one.stream.startsWith(`${stream}[`)),
  )
  if (family.length === 0) return listing
  const joined = joinNames([names, ...family.map(({ checkpoint }) => checkpoint.names ?? [])])
  return { ...listing, position: { ...position, checkpoint: { ...position.checkpoint, names: joined } } }
}

/** Whether a column looks like one beside another that takes its odd values, and nobody has said so. */
function hasUnknown(columns: readonly Column[], names: Names): boolean {
  const known = new Set(names.map(([, column]) => column))
  return columns.some(
    ({ name, type }) => !known.has(name) && columns.some((other) => variantName(other.name, type) === name),
  )
}

/** Of a key and type that several lists have, the first counts. */
function joinNames(lists: readonly Names[]): Names {
  const joined = new Map(lists.toReversed().flatMap((names) => names.map((name) => [`${name[2]} ${name[0]}`, name])))
  return [...joined.values()]
}
