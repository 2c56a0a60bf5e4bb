import { z } from 'zod'
import { authConfig } from '../auth/index.ts'
import { formats } from '../decode/index.ts'
import { writeModes } from '../destinations/destination.ts'
import { answerPath } from '../paginators/fields.ts'
import { errorRule, rateLimit, retry } from '../http/config.ts'
import { paginatorConfig } from '../paginators/index.ts'
import { schemaPolicies } from '../schema/placed.ts'
import { listStyles } from '../syntax/query.ts'
import { columnConfig } from '../schema/column-config.ts'
import { cursorFormat, lookback, timeZone } from '../syntax/cursor-format.ts'
import { secretRef } from '../secrets/ref.ts'
import { duration } from '../syntax/duration.ts'
import { clusterBy, deletes, partitionBy, replace } from './table-layout.ts'

const scalar = z.union([z.string(), z.number(), z.boolean()])

const headers = z.record(z.string(), z.string()).meta({ description: 'Request headers; values may hold templates.' })

const params = z.record(z.string(), z.union([scalar, z.array(scalar), z.null()])).meta({
  description:
    'Query parameters; values may hold templates, one whose template is empty is left out, a list repeats the name.',
})

const webUrl = z.url({
  protocol: /^https?$/,
  error: 'expected an absolute URL that begins with https:// (or http://), such as https://api.example.com/v1',
})

const incremental = z.strictObject({
  cursor: z.string().min(1).meta({ description: 'The field of a row that orders it in time or by number.' }),
  start: z.union([z.string(), z.number()]).optional().meta({ description: 'The cursor of the first run.' }),
  end: z.union([z.string(), z.number()]).optional().meta({ description: 'Rows at or beyond it are left out.' }),
  format: z
    .union([cursorFormat, z.array(cursorFormat).min(1)])
    .optional()
    .meta({
      description:
        'How the cursor is spelled, where its rows do not tell: a name or a pattern of strftime such as "%d.%m.%Y", or several; number or text for what is no time.',
    }),
  time_zone: timeZone
    .optional()
    .meta({ description: 'The zone of times that do not say theirs, such as Europe/Berlin.' }),
  lookback: lookback
    .default(0)
    .meta({ description: 'How far behind a saved cursor a listing starts, for rows that arrive late.' }),
  order: z
    .enum(['asc', 'desc'])
    .optional()
    .meta({ description: 'The order that the provider promises, by the cursor.' }),
  per: z.enum(['slice', 'stream']).optional().meta({
    description:
      'With partitions or a parent: a cursor for each slice, or one for all, which leaves out what lies before it in a slice that is added; slice where the request or the run leaves out what lies before the cursor.',
  }),
  client_filter: z
    .boolean()
    .default(true)
    .meta({ description: 'Append only: leave out rows before the cursor that the provider sends all the same.' }),
})

const auth = z.union([authConfig, z.array(authConfig).min(1)])

/** Cross-field rules, which show at the key that is missing, are in checks/tls.ts. */
const tls = z.strictObject({
  cert: secretRef
    .optional()
    .meta({ description: 'The client certificate as PEM, and those between it and its authority.' }),
  key: secretRef.optional().meta({ description: 'Its private key as PEM, without a passphrase.' }),
  ca: z
    .union([secretRef, z.array(secretRef).min(1)])
    .transform((refs) => (Array.isArray(refs) ? refs : [refs]))
    .optional()
    .meta({ description: 'Authorities as PEM, trusted beside those that are trusted anyway.' }),
})

/** One stream as it is written, `defaults` already merged under it. Cross-field rules are in checks/. */
export const streamConfig = z.strictObject({
  name: z
    .stringFormat('stream name', /^[A-Za-z][A-Za-z0-9_]*$/, {
      error: 'expected letters, digits and _, beginning with a letter',
    })
    .meta({ description: 'Letters, digits and _; the table bears it too.' }),
  table: z
    .stringFormat('table name', /^[A-Za-z_][A-Za-z0-9_]*$/, {
      error: 'expected letters, digits and _, not beginning with a digit',
    })
    .optional()
    .meta({ description: 'The table, where it is not to bear the name of the stream.' }),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH']).default('GET'),
  path: z.string().optional().meta({
    description: "Below base_url; may hold templates. /NAME where there is no url either; '' asks base_url itself.",
  }),
  url: webUrl.optional().meta({ description: 'Instead of path: an absolute URL; may hold templates behind its host.' }),
  auth: auth
    .transform((entries) => (Array.isArray(entries) ? entries : [entries]))
    .optional()
    .meta({ description: "In place of the connector's; {type: none} signs nothing." }),
  headers: headers.default({}),
  params: params.default({}),
  list_style: z.enum(listStyles).default('repeat'),
  body: z.json().optional(),
  body_format: z.enum(['json', 'form', 'text']).default('json'),
  paginator: paginatorConfig.default({ type: 'auto' }).meta({ description: 'How to get from one page to the next.' }),
  max_pages: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'The most pages that a run reads of one listing.', examples: [100] }),
  stop: z
    .strictObject({
      empty_page: z
        .boolean()
        .optional()
        .meta({
          description:
            'A page without rows is the last. Default: true, unless the page has a link or a cursor to the next.',
          examples: [false],
        }),
      short_page: z
        .union([z.boolean(), z.int().min(1)])
        .default(false)
        .meta({
          description:
            'A page that is not full is the last: true where the paginator knows how many rows a full page has, else that number.',
          examples: [true, 100],
        }),
      when: answerPath.optional().meta({
        description: 'Where the response has a flag that is true on the last page.',
        examples: ['$.end_of_stream', 'header:X-Last-Page'],
      }),
      missing_rows: z
        .boolean()
        .default(false)
        .meta({
          description: 'A page without the member that `rows` names has no rows; otherwise such a page is an error.',
          examples: [true],
        }),
      ignore: z
        .array(z.string().min(1))
        .default([])
        .meta({
          description: 'Members of the responses and headers that look like a total or a next page but are none.',
          examples: [['$.total', 'header:X-Total']],
        }),
    })
    .prefault({})
    .meta({ description: 'What ends a listing, with any paginator.' }),
  rows: z
    .string()
    .optional()
    .meta({ description: 'An RFC 9535 JSONPath to the rows, such as $.data[*]; found by itself where obvious.' }),
  format: z.enum(formats).default('json'),
  errors: z.array(errorRule).default([]),
  primary_key: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .meta({ description: 'The fields that tell rows apart; dotted where they lie inside an object.' }),
  key_nulls: z
    .boolean()
    .optional()
    .meta({ description: 'Fields of a composite primary_key may be missing or null, though not all of them.' }),
  write: z.enum(writeModes).optional().meta({ description: 'merge where there is a primary key, else append.' }),
  deletes: deletes.optional(),
  replace: replace.optional(),
  partition_by: partitionBy.optional(),
  cluster_by: clusterBy.optional(),
  incremental: incremental.optional(),
  parent: z
    .strictObject({
      stream: z.string(),
      include: z.record(z.string(), z.string()).meta({ description: 'Name in templates: field of the parent row.' }),
      columns: z
        .boolean()
        .default(false)
        .meta({ description: 'Add what is included to each child row, as _parent_NAME.' }),
      changed_only: z.boolean().default(false).meta({
        description:
          'Read the children of those parents alone that have changed since the last run, by the incremental.cursor of the parent stream: a child that changes must change its parent.',
      }),
    })
    .optional(),
  selected: z
    .boolean()
    .default(true)
    .meta({ description: 'false for a stream that is read for its children alone: it is stored only if it is named.' }),
  partitions: z
    .union([z.array(z.record(z.string(), scalar)).min(1), z.record(z.string(), z.array(scalar).min(1))])
    .optional()
    .meta({ description: 'A list of partitions, or lists to combine: the listing is read once for each.' }),
  columns: z
    .record(z.string(), columnConfig)
    .default({})
    .meta({ description: 'What a field becomes, where that is not to be inferred.' }),
  schema: z.enum(schemaPolicies).default('evolve'),
  invalid_utf8: z
    .enum(['refuse', 'replace'])
    .optional()
    .meta({ description: 'A row with bytes that are no UTF-8 is refused, or stored with U+FFFD in their place.' }),
  non_finite: z
    .literal(['refuse', 'null', null])
    .default('refuse')
    .meta({ description: 'NaN, Infinity and -Infinity in JSON are refused, or read as null.' }),
  max_row: z
    .int()
    .min(1_024)
    .max(256 * 1024 * 1024)
    .default(16 * 1024 * 1024)
    .meta({ description: 'Bytes of a row; a larger one is refused, and _headrace_rejects has its size.' }),
  max_body: z
    .int()
    .min(1_024)
    .max(16 * 1024 ** 3)
    .optional()
    .meta({
      description:
        'Bytes of an answer, before and after decompression; where absent they follow from the memory that is there.',
    }),
  max_rejects: z
    .int()
    .min(0)
    .optional()
    .meta({ description: 'The stream fails when more rows than this are refused in a run.' }),
})

/** What `defaults` may hold: everything of a stream that two streams can share. */
export const defaultsConfig = streamConfig
  .omit({ name: true, table: true, path: true, url: true, auth: true, parent: true })
  .partial()

export const connectorConfig = z.strictObject({
  name: z
    .stringFormat('connector name', /^[a-z][a-z0-9_-]*$/, {
      error: 'expected lower-case letters, digits, _ and -, beginning with a letter',
    })
    .meta({ description: 'Lower case; the schema or dataset bears it too (- becomes _).' }),
  base_url: webUrl.meta({ description: 'What the paths of the streams stand below.' }),
  headers: headers.default({}),
  params: params.default({}),
  auth: auth.default({ type: 'none' }),
  rate_limit: rateLimit.prefault({}),
  retry: retry.prefault({}),
  timeout: duration.default(60_000).meta({ description: 'For one request, whole.' }),
  tls: tls.optional().meta({ description: 'Mutual TLS and further authorities, for the API and its token endpoint.' }),
  origins: z
    .array(z.union([webUrl, z.strictObject({ url: webUrl, credentials: z.boolean().default(true) })]))
    .default([])
    .meta({ description: 'Further origins that next links and redirects may lead to.' }),
  destination: z.string().optional(),
  schedule: z
    .strictObject({ cron: z.string(), time_zone: z.string().default('Etc/UTC') })
    .optional()
    .meta({
      description: 'When a deployment is to run it; headrace run and headrace serve start nothing by themselves.',
    }),
  expect: z
    .strictObject({ every: duration, min_rows: z.int().min(0).default(1) })
    .optional()
    .meta({ description: 'When silence is a fault, for those who watch a deployment; a run does not fail by it.' }),
  alerts: z.array(secretRef).optional().meta({
    description: 'Secrets that hold where to tell of failures: webhook or smtp URLs, beside HEADRACE_ALERTS.',
  }),
  defaults: defaultsConfig
    .default({})
    .meta({ description: 'Merged under every stream: params and headers by name, everything else as a whole.' }),
  streams: z.array(streamConfig).min(1),
})

export type IncrementalConfig = z.output<typeof incremental>
export type ParsedConnector = z.output<typeof connectorConfig>
export type StreamConfig = z.output<typeof streamConfig>

/** A connector file, read and checked, its defaults merged into each stream. */
export interface Connector extends Omit<ParsedConnector, 'defaults' | 'auth' | 'streams'> {
  readonly auth: readonly z.output<typeof authConfig>[]
  readonly streams: readonly StreamConfig[]
  /** Where it was read from, for messages and for `file:` secrets. */
  readonly file: string
}
