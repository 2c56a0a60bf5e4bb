import type { App } from '../run/app.ts'
import { type DestinationSpec, parseDestination, readerOf } from '../destinations/index.ts'
import type { Logs, ReadRequest } from '../destinations/log-reader.ts'
import { createSemaphore } from '../http/semaphore.ts'
import { readHistory } from './history.ts'
import { isReadAhead, isThere } from './sources.ts'
import {
  type Kept,
  type LogRequest,
  type Look,
  isEnough,
  isFresh,
  keepLogs,
  recallAll,
  recallLast,
  versionOf,
} from './log-cache.ts'

type Settled = PromiseSettledResult<Logs>

/** What is wanted, and what is known of it. */
interface Task {
  readonly request: LogRequest
  readonly parsed: DestinationSpec
  /** Of the destination now; undefined where there is nothing to read yet. */
  readonly version: string | undefined
  readonly last: Kept | undefined
}

const destinationsAtOnce = 16

/** Reads what was written since the last look. What is wrong with one connector is told in its place, in the order of `requests`. */
export async function readLogs(app: App, requests: readonly LogRequest[], look: Look): Promise<readonly Settled[]> {
  // What is being read already need not be read twice.
  await Promise.allSettled(new Set(requests.flatMap(({ spec }) => refreshing.get(spec) ?? [])))
  return readNew(app, requests, look)
}

/** By the destination that is being read. */
const refreshing = new Map<string, Promise<unknown>>()

/** Reads of what was read before all that has changed since, as far as it may be read ahead. */
export async function refreshLogs(app: App): Promise<void> {
  const now = app.effects.now()
  // What is gone is left alone: to look must not make a file.
  const kept = recallAll().filter((one) => isReadAhead(one.spec) && isThere(one.spec))
  const tasks = await prepareTasks(kept, now)
  const changed = tasks.flatMap(({ version, last }) => (last && !isFresh(last, version, { now }) ? last : []))
  for (const [spec, some] of Map.groupBy(changed, (one) => one.spec)) {
    const read = async (): Promise<void> => {
      for (const [limit, requests] of Map.groupBy(some, (one) => one.limit))
        await readNew(app, requests, { now, limit })
    }
    const reading = read().finally(() => refreshing.delete(spec))
    refreshing.set(spec, reading)
    await reading
  }
}

async function readNew(app: App, requests: readonly LogRequest[], look: Look): Promise<readonly Settled[]> {
  const tasks = await prepareTasks(requests, look.now)
  const isCurrent = ({ request, version, last }: Task) =>
    last && isEnough(last, request, look) && isFresh(last, version, look)
  const outdated = tasks.filter((task) => !isCurrent(task))
  // Connectors that share a file open it once.
  const groups = Map.groupBy(outdated, (task) => sharedPlaceOf(task.parsed) ?? task)
  const places = createSemaphore(destinationsAtOnce)
  const read = new Map<Task, Settled>()
  await Promise.all(
    Array.from(groups.values(), async (group) => {
      const leave = await places.enter(new AbortController().signal)
      const settled = await readGroup(app, group, look).finally(leave)
      for (const [at, task] of group.entries()) read.set(task, settled[at] as Settled)
    }),
  )
  keepLogs(outdated.flatMap((task) => toKept(task, read.get(task), look)))
  return tasks.map((task) => read.get(task) ?? { status: 'fulfilled', value: (task.last as Kept).logs })
}

/** Opens files before it is known whose logs are wanted from them. */
export interface Opener extends AsyncDisposable {
  /** To be called with each connector as soon as it is known. */
  begin(request: LogRequest): void
}

/** On the first look of a process a warehouse opens while the connector files are read, each of which takes its time. */
export function createOpener(): Opener {
  const opened = new Map<string, Promise<AsyncDisposable | undefined>>()
  return {
    begin(request) {
      const parsed = parseDestination(request.spec)
      const place = sharedPlaceOf(parsed)
      if (place === undefined || opened.has(place) || recallLast(request)) return
      // Who reads it opens it again, and is told the same.
      opened.set(
        place,
        hold(parsed, place).catch(() => undefined),
      )
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(Array.from(opened.values(), async (held) => (await held)?.[Symbol.asyncDispose]()))
    },
  }
}

/** Where connectors lie that are read together; undefined for one that is read by itself. */
function sharedPlaceOf(parsed: DestinationSpec): string | undefined {
  const reader = readerOf(parsed)
  return reader?.shared && reader.place(parsed)
}

async function hold(parsed: DestinationSpec, place: string): Promise<AsyncDisposable | undefined> {
  return (await readerOf(parsed)?.shared?.())?.holdOpen(place)
}

async function prepareTasks(requests: readonly LogRequest[], now: number): Promise<readonly Task[]> {
  const versions = new Map<string, Promise<string | undefined>>()
  return Promise.all(
    requests.map(async (request): Promise<Task> => {
      const parsed = parseDestination(request.spec)
      const files = readerOf(parsed)?.files(parsed, request.connector.name) ?? []
      const name = files.join('\n')
      // Asked once a look, however many connectors share it.
      const asked = versions.get(name) ?? versionOf(files, now)
      versions.set(name, asked)
      return { request, parsed, version: await asked, last: recallLast(request) }
    }),
  )
}

/** Of one place that many share, or of one connector elsewhere. */
async function readGroup(app: App, group: readonly Task[], look: Look): Promise<readonly Settled[]> {
  try {
    const [{ request, parsed }] = group as [Task]
    const place = sharedPlaceOf(parsed)
    const shared = await readerOf(parsed)?.shared?.()
    if (!shared || place === undefined) return [{ status: 'fulfilled', value: await readOne(app, request, look) }]
    return await shared.readLogs(
      place,
      group.map((task) => toReadRequest(task, look)),
      look.limit,
    )
  } catch (reason) {
    return group.map(() => ({ status: 'rejected', reason }))
  }
}

function toReadRequest({ request, parsed, last }: Task, look: Look): ReadRequest<DestinationSpec> {
  const { connector } = request
  return {
    spec: parsed,
    connector: connector.name,
    streams: connector.streams.length,
    before: last?.logs,
    enough: last !== undefined && isEnough(last, request, look),
    readRuns: (log) => readHistory(log, connector, look),
  }
}

async function readOne(app: App, { connector, spec }: LogRequest, { limit, now }: Look): Promise<Logs> {
  await using destination = await app.openDestination(connector, spec)
  return { runs: await readHistory(destination, connector, { limit, now }), positions: await destination.positions() }
}

function toKept({ request, version }: Task, settled: Settled | undefined, { limit, now }: Look): readonly Kept[] {
  if (version === undefined || settled?.status !== 'fulfilled') return []
  const { connector, spec } = request
  return [{ connector, spec, logs: settled.value, limit, version, at: now }]
}
