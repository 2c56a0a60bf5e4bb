import { writeModes } from '../../src/destinations/destination.ts'
import { openDestination, parseDestination } from '../../src/destinations/index.ts'
import { appendAll, createBatch } from './batch.ts'

/** Appends batches of 50 rows until it is killed; run as a process of its own: SPEC WRITE. */
const [spec = '', write = 'append'] = process.argv.slice(2)
const bigquery = { endpoint: process.env['HEADRACE_BIGQUERY_ENDPOINT'] }
const destination = await openDestination(parseDestination(spec), 'acme', { bigquery })
process.stdout.write('ready\n')
const mode = writeModes.find((known) => known === write) ?? 'append'
for (;;) {
  await appendAll(destination, { write: mode, primaryKey: mode === 'append' ? [] : ['id'] }, [
    (seq) =>
      createBatch(
        seq,
        Array.from({ length: 50 }, (_, row) => ({ id: (seq - 1) * 50 + row, name: 'x'.repeat(2_000) })),
      ),
  ])
}
