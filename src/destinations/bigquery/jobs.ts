import { toLabel } from './labels.ts'
import { anyReply, type JobReply, jobReply } from './replies.ts'
import { isDuplicate, isNotFound, ServiceError } from './service-error.ts'
import { type Sql, toQueryParameters } from './sql.ts'
import { spentOnJob } from './usage.ts'
import type { Warehouse } from './warehouse.ts'

/** A job under an id of ours: sent twice it runs once. */
export interface JobRequest {
  /** `[A-Za-z0-9_-]`, at most 1,024; unique in the project for as long as the service remembers jobs. */
  readonly id: string
  readonly configuration: object
  readonly labels: Readonly<Record<string, string>>
  readonly upload?: () => AsyncIterable<Uint8Array>
  readonly signal?: AbortSignal
}

/**
 * Runs a job to its end, whether this request began it or one before: a job id that is taken leads to the job that has
 * it. Resolves with the job, failed or not. Throws `ServiceError`; then nothing is known of the job, unless its reason
 * is `stuck`: then it was still running at the end of its time, and could not be cancelled.
 */
export async function runJob(warehouse: Warehouse, request: JobRequest): Promise<JobReply> {
  const job = await waitForJob(warehouse, request, await submitJob(warehouse, request))
  warehouse.usage.add(spentOnJob(job))
  return job
}

/** The error that a job ended with, if it did. */
export function failureOf({ status }: JobReply): ServiceError | undefined {
  return status.errorResult ? new ServiceError(200, status.errorResult.reason, status.errorResult.message) : undefined
}

export function queryConfiguration({ maximumBytesBilled }: Warehouse, sql: Sql): object {
  const parameters = toQueryParameters(sql.parameters)
  return {
    query: {
      query: sql.query,
      useLegacySql: false,
      ...(parameters.length > 0 && { parameterMode: 'NAMED', queryParameters: parameters }),
      ...(maximumBytesBilled !== undefined && { maximumBytesBilled }),
    },
  }
}

/** Labels by which a bill or a list of jobs is told apart. */
export function jobLabels(connector: string, stream: string, runId: string): Readonly<Record<string, string>> {
  return {
    headrace_connector: toLabel(connector),
    headrace_stream: toLabel(stream),
    headrace_run: toLabel(runId),
  }
}

async function submitJob(warehouse: Warehouse, request: JobRequest): Promise<JobReply> {
  const { client } = warehouse
  const { id, configuration, labels, upload, signal } = request
  const location = await warehouse.findLocation()
  const body = {
    jobReference: { projectId: client.project, jobId: id, ...(location !== undefined && { location }) },
    configuration: { ...configuration, labels, jobTimeoutMs: String(client.limits.job) },
  }
  try {
    return await client.call({ method: 'POST', path: '/jobs', body, ...(upload && { upload }) }, jobReply, signal)
  } catch (thrown) {
    if (!isDuplicate(thrown)) throw thrown
    return readJob(warehouse, request)
  }
}

async function readJob(warehouse: Warehouse, { id, signal }: JobRequest): Promise<JobReply> {
  const location = await warehouse.findLocation()
  const query = location === undefined ? {} : { location }
  try {
    return await warehouse.client.call({ method: 'GET', path: `/jobs/${id}`, query }, jobReply, signal)
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown
    const message = `job ${id} was taken, but there is none of that id in ${location ?? 'the location of the dataset'}`
    throw new ServiceError(200, 'elsewhere', message)
  }
}

async function waitForJob(warehouse: Warehouse, request: JobRequest, submitted: JobReply): Promise<JobReply> {
  const { effects, limits } = warehouse.client
  const ended = await pollJob(warehouse, request, { job: submitted, until: effects.now() + limits.job })
  if (ended) return ended
  const { client } = warehouse
  const location = await warehouse.findLocation()
  const query = location === undefined ? {} : { location }
  await client.call({ method: 'POST', path: `/jobs/${request.id}/cancel`, query }, anyReply, request.signal)
  const cancelled = await pollJob(warehouse, request, { job: submitted, until: effects.now() + limits.cancelled })
  if (cancelled) return cancelled
  throw new ServiceError(
    200,
    'stuck',
    `job ${request.id} has been running for ${Math.round((limits.job + limits.cancelled) / 1000)} s and did not end when it was cancelled`,
  )
}

async function pollJob(
  warehouse: Warehouse,
  request: JobRequest,
  { job, until }: { readonly job: JobReply; readonly until: number },
): Promise<JobReply | undefined> {
  const { effects } = warehouse.client
  const signal = request.signal ?? never
  let latest = job
  for (let pause = 50; latest.status.state !== 'DONE'; pause = Math.min(pause * 1.5, 2_000)) {
    if (effects.now() >= until) return undefined
    await effects.sleep(pause, signal)
    latest = await readJob(warehouse, request)
  }
  return latest
}

const never = new AbortController().signal
