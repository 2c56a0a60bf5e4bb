import { hostname, userInfo } from 'node:os'
import { randomUUID } from 'node:crypto'
import { type App, destinationOf } from '../run/app.ts'
import type { Connector } from '../connector/connector.ts'
import type { Destination } from '../destinations/destination.ts'
import { isThere } from '../status/sources.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import { isChunk } from '../destinations/marks.ts'
import { editState } from '../run/edit-state.ts'
import { oneLine } from '../base/words/line.ts'
import { type CommandContext, createCommandApp, toJson } from './context.ts'
import { exitCodes } from './exit-code.ts'
import { formatNumber } from './progress.ts'
import { selectStream } from '../run/select-stream.ts'
import { formatTable } from './table.ts'

export interface StateOptions {
  readonly to?: string
  readonly slice?: string
  readonly by?: string
}

/** What `headrace state ... CONNECTOR [STREAM]` names. */
export interface StateTarget {
  readonly connector: string
  readonly stream?: string | undefined
}

/** What `headrace state set` and `reset` name; `reset` has no cursor. */
export interface StateChange {
  readonly connector: string
  readonly stream: string
  readonly cursor: string | null
}

/** `headrace state show`: where each stream stands, and what that belongs to. Writes nothing. */
export async function showState(
  { connector: name, stream }: StateTarget,
  { to }: StateOptions,
  context: CommandContext,
): Promise<number> {
  const { terminal, globals } = context
  const app = await createCommandApp(context)
  const connector = await app.loadConnector(name)
  if (stream !== undefined) selectStream(connector, stream)
  const streams = await readStates(app, connector, { stream, to })
  if (globals.json) terminal.print(toJson({ connector: connector.name, streams }))
  else if (streams.length === 0) terminal.print(`There is no state of ${stream ?? connector.name} yet.\n`)
  else terminal.print(describeStates(streams, context))
  return exitCodes.complete
}

const showCursor = (cursor: CursorValue | null): string =>
  cursor === null ? 'no cursor' : oneLine(String(cursor), 200)

type State = Awaited<ReturnType<typeof readStates>>[number]

async function readStates(
  app: App,
  connector: Connector,
  { stream, to }: { readonly stream: string | undefined; readonly to: string | undefined },
) {
  // To look must not make a file.
  if (!isThere(destinationOf(connector, app.env, to))) return []
  await using destination = await app.openDestination(connector, to)
  const positions = (await destination.positions()).filter((one) => stream === undefined || one.stream === stream)
  return Promise.all(
    positions.map(async ({ stream: name, seq, checkpoint, committedAt }) => {
      const { done, open, version = 1, identity, set, parents } = checkpoint
      return {
        stream: name,
        cursor: done,
        seq,
        committed_at: committedAt,
        open: open !== undefined,
        version,
        ...(identity && { identity }),
        ...(set && { set }),
        ...(parents && { parents: { cursor: parents.done } }),
        ...(stream !== undefined && { slices: await sliceCursors(destination, name) }),
      }
    }),
  )
}

const sliceCursors = async (destination: Destination, stream: string) =>
  (await destination.readSlices(stream))
    .filter((state) => !isChunk(state))
    .map(({ slice, progress }) => ({ slice, cursor: progress.done }))

function describeStates(states: readonly State[], { terminal }: CommandContext): string {
  const table = (lines: string[][]): string =>
    formatTable(lines, { width: terminal.width, cell: 60, heading: (text) => terminal.style('dim', text) })
  const lines = states.map(({ stream, cursor, seq, committed_at: at, open, identity, set, parents }) => [
    stream,
    showCursor(cursor),
    formatNumber(seq),
    at,
    [
      ...(open ? ['inside a listing'] : []),
      ...(set ? [`set by ${set.by}`] : []),
      ...(parents ? [`parents at ${showCursor(parents.cursor)}`] : []),
    ].join(', '),
    identity?.source ?? '',
  ])
  const slices = states.flatMap((state) => state.slices ?? [])
  return [
    table([['stream', 'cursor', 'commits', 'last commit', '', 'of'], ...lines]),
    ...(slices.length > 0
      ? ['\n', table([['slice', 'cursor'], ...slices.map(({ slice, cursor }) => [slice, showCursor(cursor)])])]
      : []),
  ].join('')
}

/** `headrace state set` (a cursor) and `reset` (none): one commit, with who made it. */
export async function changeState(
  { connector: name, stream: wanted, cursor }: StateChange,
  { to, slice, by = `${userInfo().username}@${hostname()}` }: StateOptions,
  context: CommandContext,
): Promise<number> {
  const { terminal, globals } = context
  const app = await createCommandApp(context)
  const connector = await app.loadConnector(name)
  const stream = selectStream(connector, wanted)
  await using destination = await app.openDestination(connector, to)
  const edited = await editState(
    {
      connector,
      stream,
      cursor,
      slice,
      by,
      runId: randomUUID(),
      now: app.effects.now(),
      env: app.env,
    },
    destination,
  )
  if (globals.json) terminal.print(toJson(edited))
  else {
    const what = slice === undefined ? edited.stream : `${edited.stream}, slice ${oneLine(slice, 200)},`
    terminal.print(
      `${what} stood at ${showCursor(edited.from)}, stands at ${showCursor(edited.to)} (commit ${edited.seq}).\n`,
    )
  }
  return exitCodes.complete
}
