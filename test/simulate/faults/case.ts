import { createApp } from '../../../src/run/app.ts'
import { continuationOf } from '../../../src/run/continuation.ts'
import { runConnector } from '../../../src/run/run.ts'
import type { RunRecord } from '../../../src/destinations/run-record.ts'
import { runRequest } from '../../../src/destinations/run-request.ts'
import { origin } from '../connector.ts'
import { SimulatedNetwork } from '../dispatcher.ts'
import { Fate } from '../kill.ts'
import type { Answer } from '../provider.ts'
import type { Cut } from '../scenario.ts'
import type { Store } from '../store.ts'
import { latencyOf, limitsOf } from '../world.ts'

export interface Ask {
  readonly url: URL
  /** The run, and the request within it, both from 0. */
  readonly run: number
  readonly request: number
  /** A query parameter; '' where there is none. */
  readonly param: (name: string) => string
  /** The parameter `page`, from 1. */
  readonly page: number
}

export interface FaultRun {
  /** What the connector file says of the stream from now on, beside what it said before. */
  readonly stream?: object
  /** The same of the connector itself. */
  readonly connector?: object
  /** Another connector writes, whose schema has the same name. */
  readonly renamed?: true
  readonly request?: object
  readonly cut?: Cut
  /** The message of the last run comes again. */
  readonly again?: true
  /** The rest of the last run. */
  readonly rest?: true
  /** SQL that somebody runs by hand before. */
  readonly sql?: string
}

/** One fault that a reader must not pass over in silence. */
export interface FaultCase {
  readonly name: string
  /** The stream `rows`, beside its name and path. */
  readonly stream?: object
  /** Streams before it. */
  readonly before?: readonly object[]
  readonly connector?: object
  /** One run where absent. */
  readonly runs?: readonly FaultRun[]
  /** A body that becomes JSON, or a whole answer. */
  readonly answer: (ask: Ask) => unknown
  /** The labels of the rows that hold in the end, in any order. */
  readonly want: readonly string[]
  /** `doubt`: right, or the record says that it may not be. `table`: right regardless of what the record says. `complete`: right, and said so. `warned`: right, and in doubt. `refused`: some run is not complete. */
  readonly must?: 'doubt' | 'table' | 'complete' | 'warned' | 'refused'
  /** In place of the table's labels. */
  readonly sql?: string
  readonly tier?: 'files'
}

export const reply = (body: string, status = 200, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body,
})

const isAnswer = (value: unknown): value is Answer =>
  typeof value === 'object' && value !== null && 'headers' in value && 'body' in value && 'status' in value

const clock = Date.UTC(2024, 5, 1)
const app = createApp({}, { logLevel: 'silent' })

/** Lives through the case; returns what is wrong with the end, or undefined. */
export async function violates(fault: FaultCase, store: Store): Promise<string | undefined> {
  const records: RunRecord[] = []
  let now = clock
  let stream: object = { name: 'rows', path: '/rows', rows: '$.data[*]', ...fault.stream }
  let connector: object = fault.connector ?? {}
  let handedOver: { readonly request: object; readonly record: RunRecord } | undefined
  let last: { readonly request: object; readonly delivery: string; readonly record: RunRecord } | undefined
  const errors: string[] = []
  for (const [run, step] of (fault.runs ?? [{}]).entries()) {
    stream = { ...stream, ...step.stream }
    connector = { ...connector, ...step.connector }
    if (step.sql !== undefined) await store.query(step.sql.replaceAll('$SCHEMA', store.schema))
    const hard = new AbortController()
    const fate = new Fate(step.cut ?? null, () => hard.abort())
    let request = 0
    const answer = async (url: URL): Promise<Answer> => {
      await fate.rest()
      return fate.pass('request', () => {
        now += latencyOf(step.cut ?? null, request + 1)
        const param = (name: string): string => url.searchParams.get(name) ?? ''
        const said = fault.answer({ url, run, request: request++, param, page: Number(param('page') || 1) })
        return Promise.resolve(isAnswer(said) ? said : reply(JSON.stringify(said)))
      })
    }
    const file = store.writeFile({
      name: nameOf(step, store),
      base_url: origin,
      retry: { attempts: 3 },
      ...connector,
      streams: [...(fault.before ?? []), stream],
    })
    const rest =
      step.rest &&
      handedOver &&
      continuationOf(runRequest.parse({ ...handedOver.request, connector: file }), handedOver.record)
    const asked = rest ? rest.request : step.again ? (last?.request ?? {}) : (step.request ?? {})
    const delivery = step.again && last ? last.delivery : `message-${run}`
    try {
      const record = await runConnector(
        runRequest.parse({ ...asked, ...limitsOf(step.cut ?? null), connector: file }),
        {
          ...app,
          effects: { now: () => now, random: () => 0.5, sleep: async (ms) => void (now += ms) },
          dispatcher: new SimulatedNetwork(answer),
          openDestination: async () => fate.wrap(await store.open(nameOf(step, store)), 0),
        },
        {
          trigger: 'task',
          runId: `00000000-0000-4000-8000-${String(run).padStart(12, '0')}`,
          delivery,
          stop: { soft: new AbortController().signal, hard: hard.signal },
        },
      )
      if (!fate.killed) records.push(record)
      last = { request: asked, delivery, record }
      if (record.status === 'handed_over') handedOver = last
    } catch (thrown) {
      errors.push(String(thrown))
    }
    await fate.rest()
    now += 60_000
  }
  return verdict(fault, { records, errors, labels: await readLabels(fault, store) })
}

const nameOf = ({ renamed }: FaultRun, { name }: Store): string => (renamed ? name.replaceAll('-', '_') : name)

async function readLabels({ sql }: FaultCase, store: Store): Promise<readonly string[]> {
  if (sql !== undefined)
    return (await store.query(sql.replaceAll('$SCHEMA', store.schema))).map(([label]) => String(label))
  return (await store.read()).filter(({ current }) => current).map(({ label }) => label)
}

interface End {
  readonly records: readonly RunRecord[]
  /** Of runs that were refused before they began. */
  readonly errors: readonly string[]
  readonly labels: readonly string[]
}

function verdict({ want, must = 'doubt' }: FaultCase, { records, errors, labels }: End): string | undefined {
  const [found, wanted] = [labels.toSorted().join(' '), want.toSorted().join(' ')]
  const words = records.flatMap(({ streams, error }) => [
    ...(error ? [error.message] : []),
    ...streams.flatMap((one) => [
      ...(one.error ? [one.error.message] : []),
      ...one.warnings.map(({ message }) => message),
    ]),
  ])
  const told = `the table has [${found}], expected [${wanted}]; said: ${[...errors, ...words].join(' | ') || 'nothing'}`
  const isRefused = errors.length > 0 || records.some(({ status }) => status === 'failed')
  if (must === 'refused') return isRefused ? undefined : `nothing was refused; ${told}`
  const end = records.at(-1)
  const isComplete = errors.length === 0 && end?.status === 'complete'
  if (must === 'complete' && !isComplete) return `it did not end as complete; ${told}`
  const isWarned = records.some(({ streams }) => streams.some(({ warnings }) => warnings.length > 0))
  const isDoubted = !isComplete || isWarned
  if (must === 'warned') return found === wanted && isDoubted ? undefined : `nobody was warned; ${told}`
  return found === wanted || (must === 'doubt' && isDoubted) ? undefined : told
}
