import { previewStream } from '../run/preview.ts'
import type { StreamProbe } from '../run/probe.ts'
import { oneLine } from '../base/words/line.ts'
import { type CommandContext, createCommandApp, toJson } from './context.ts'
import { exitCodes } from './exit-code.ts'
import { listenForInterrupt } from './interrupt.ts'
import { count } from './progress.ts'
import { formatTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { warningSign } from './warnings.ts'

/** `headrace preview`: the first rows of a stream, and the columns they would get. Throws what kept it from them. */
export async function previewCommand(
  { connector: name, stream }: { readonly connector: string; readonly stream: string },
  { limit }: { readonly limit: number },
  context: CommandContext,
): Promise<number> {
  const { terminal, globals } = context
  const app = await createCommandApp(context)
  const redact = (text: string): string => app.redactor.redact(text)
  using interrupt = listenForInterrupt(() => undefined)
  const { probe, report } = await previewStream({ name, stream }, app, { limit, signal: interrupt.stop.soft })
  if (globals.json) terminal.print(toJson(report))
  else terminal.print(redact(describeRows(probe, report.rows, terminal)))
  for (const text of [...(probe.fault ? [probe.fault.message] : []), ...report.warnings])
    if (!terminal.silent) terminal.note(redact(`${warningSign} ${oneLine(text, 1_000)}\n`))
  return probe.fault ? exitCodes.failed : exitCodes.complete
}

function describeRows(probe: StreamProbe, rows: StreamProbe['rows'], terminal: Terminal): string {
  const { columns, rowCount, stream } = probe
  if (rowCount === 0) return `${stream} has no rows on its first page.\n`
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const heading = (text: string): string => terminal.style('bold', text)
  const lines = [keys, ...rows.map((row) => keys.map((key) => showCell(row[key])))]
  const table = formatTable(lines, { width: terminal.width, cell: 32, heading })
  const schema = formatTable([['column', 'type'], ...columns.map(({ name, type }) => [name, type])], {
    width: terminal.width,
    cell: 80,
    heading,
  })
  return `${table}\n${count(rowCount, 'row')} on the first page. The table would have:\n\n${schema}`
}

function showCell(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner))
}
