import { Spool } from '../../src/base/spool.ts'
import type { Batch, Destination, TablePlan, TableWriter } from '../../src/destinations/destination.ts'
import type { Column } from '../../src/schema/types.ts'
import { fresh } from '../../src/destinations/checkpoint.ts'

export const idAndName: readonly Column[] = [
  { name: 'id', type: 'integer' },
  { name: 'name', type: 'string' },
]

/** A batch of rows; a row that is a string is a line as it stands. */
export function createBatch(seq: number, rows: readonly (object | string)[], more: Partial<Batch> = {}): Batch {
  const lines = new Spool(128 * 1024 * 1024)
  const text = rows.map((row) => `${typeof row === 'string' ? row : JSON.stringify(row)}\n`).join('')
  const written = lines.write(Buffer.from(text))
  if (written) throw new Error('a batch of a test is small')
  return {
    seq,
    rows: rows.length,
    lines,
    columns: idAndName,
    checkpoint: { done: seq },
    rejects: [],
    retract: [],
    complete: false,
    ...more,
  }
}

export function createPlan(more: Partial<TablePlan> = {}): TablePlan {
  return {
    stream: 'orders',
    table: 'orders',
    write: 'append',
    primaryKey: [],
    runId: 'run-1',
    loadedAt: '2024-05-01T12:00:00.000Z',
    position: { seq: 0, checkpoint: fresh },
    staged: false,
    resumed: false,
    ...more,
  }
}

/** Appends a batch and frees it. */
export async function appendOne(writer: TableWriter, batch: Batch): Promise<void> {
  await using lines = batch.lines
  await writer.append({ ...batch, lines })
}

/** Opens a table where the stream stands, appends the batches and closes it. */
export async function appendAll(
  destination: Destination,
  more: Partial<TablePlan>,
  batches: readonly ((seq: number) => Batch)[],
): Promise<void> {
  const position = await destination.readPosition(more.stream ?? 'orders')
  await using writer = await destination.openTable(createPlan({ ...more, position }))
  let seq = position.seq
  for (const create of batches) {
    seq += 1
    await appendOne(writer, create(seq))
  }
}
