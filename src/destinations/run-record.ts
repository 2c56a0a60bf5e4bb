import { z } from 'zod'
import type { SyncError } from '../base/errors.ts'
import { cut } from '../base/words/line.ts'

export const triggers = ['cli', 'http', 'pubsub', 'event', 'task', 'api'] as const
export const statuses = ['complete', 'handed_over', 'failed'] as const

const failure = z.object({ code: z.string(), message: z.string() })

const warning = z.object({
  /** What kind of doubt it is: see `warningCodes`. */
  code: z.string(),
  message: z.string(),
})

export const streamRecord = z.object({
  stream: z.string(),
  status: z.enum(statuses),
  /** Counts are of what was committed, never of what was merely read. */
  rows: z.number(),
  rejected: z.number(),
  pages: z.number(),
  requests: z.number(),
  retries: z.number(),
  /** Of the bodies, after decompression. */
  bytes: z.number(),
  cursor: z.object({
    from: z.union([z.string(), z.number()]).nullable(),
    to: z.union([z.string(), z.number()]).nullable(),
  }),
  /** Of the stream's last commit, by the commit log. */
  seq: z.number().optional(),
  schema_changes: z.array(z.string()),
  /** What the run had to guess, skip or leave in doubt; a run with warnings may lack rows that the provider has. */
  warnings: z.array(warning).default([]),
  /** What was found by itself, where the connector does not say it: the path of the rows, and how their pages follow. */
  reads: z.object({ rows: z.string().optional(), paginator: z.record(z.string(), z.unknown()).optional() }).optional(),
  /** RFC 3339: the provider wants no request before then. */
  resume_at: z.string().optional(),
  error: failure.optional(),
})

/** What one run did: the answer of the trigger, `--json`, and a row of `_headrace_runs`. */
export const runRecord = z.object({
  run_id: z.string(),
  connector: z.string(),
  trigger: z.enum(triggers),
  status: z.enum(statuses),
  started_at: z.string(),
  finished_at: z.string(),
  budget_seconds: z.number().nullable(),
  streams: z.array(streamRecord),
  /** What the warehouse says of its part: jobs, slot time, bytes billed (`bytes_billed`). */
  warehouse: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  /** What called for it: the same for every delivery of one message or one execution of a schedule. */
  delivery: z.string().optional(),
  /** Why the run could not start at all; a stream's own failure is with the stream. */
  error: failure.optional(),
})

export type StreamRecord = z.output<typeof streamRecord>
export type RunRecord = z.output<typeof runRecord>
export type RunStatus = (typeof statuses)[number]
export type Trigger = (typeof triggers)[number]

/** An error as a record tells it. */
export const describeError = ({ code, message }: SyncError): { code: string; message: string } => ({
  code,
  message: cut(message, 2_000),
})

/** More would only make the record large: the table shows what its columns are. */
const mostChanges = 500

/** The changes of a table as a record tells them. */
export const describeChanges = (changes: readonly string[]): string[] =>
  changes.length <= mostChanges
    ? [...changes]
    : [...changes.slice(0, mostChanges), `${changes.length - mostChanges} further changes are left out`]
