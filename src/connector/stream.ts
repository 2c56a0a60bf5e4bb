import { z } from 'zod'
import { formats } from '../decode/index.ts'
import { writeModes } from '../destinations/destination.ts'
import { errorRule } from '../http/config.ts'
import { answerPath } from '../paginators/fields.ts'
import { paginatorConfig } from '../paginators/index.ts'
import { columnConfig } from '../schema/column-config.ts'
import { schemaPolicies } from '../schema/placed.ts'
import { listStyles } from '../syntax/query.ts'
import { incremental } from './incremental.ts'
import { auth, headers, params, scalar, webUrl } from './request-config.ts'
import { clusterBy, deletes, partitionBy, replace } from './table-layout.ts'

/** One stream as it is written, `defaults` already merged under it. Cross-field rules are in checks/. */
export const streamConfig = z.strictObject({
  name: z
    .stringFormat('stream name', /^[A-Za-z][A-Za-z0-9_]*$/, {
      error: 'expected letters, digits and _, beginning with a letter',
    })
    .meta({
      description: 'The name of the stream, also used as the table name: letters, digits and _.',
      examples: ['orders'],
    }),
  table: z
    .stringFormat('table name', /^[A-Za-z_][A-Za-z0-9_]*$/, {
      error: 'expected letters, digits and _, not beginning with a digit',
    })
    .optional()
    .meta({ description: 'The table, if it has another name than the stream.', examples: ['acme_orders'] }),
  method: z
    .enum(['GET', 'POST', 'PUT', 'PATCH'])
    .default('GET')
    .meta({ description: 'The HTTP method of its requests.', examples: ['POST'] }),
  path: z
    .string()
    .optional()
    .meta({
      description: "The path below `base_url`; may have templates. Default: /NAME; '' requests `base_url` itself.",
      examples: ['/orders/{{ parent.order_id }}/events'],
    }),
  url: webUrl.optional().meta({
    description: 'In place of `path`: an absolute URL; may have templates after its host.',
    examples: ['https://files.acme.example/{{ partition.region }}.json'],
  }),
  auth: auth
    .transform((entries) => (Array.isArray(entries) ? entries : [entries]))
    .optional()
    .meta({
      description: 'How its requests are signed, in place of what the connector says.',
      examples: [{ type: 'none' }],
    }),
  headers: headers.default({}),
  params: params.default({}),
  list_style: z
    .enum(listStyles)
    .default('repeat')
    .meta({
      description:
        'How a parameter with several values is written: a=1&a=2 (repeat), a=1,2 (comma) or a[]=1&a[]=2 (brackets); also in form bodies.',
      examples: ['comma'],
    }),
  body: z
    .json()
    .optional()
    .meta({
      title: 'any value',
      description: 'The request body; its texts may have templates. A member whose template is empty is left out.',
      examples: [{ filter: { updated_after: '{{ cursor }}' } }],
    }),
  body_format: z
    .enum(['json', 'form', 'text'])
    .default('json')
    .meta({ description: 'How the body is encoded.', examples: ['form'] }),
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
    .meta({
      title: 'JSONPath',
      description: 'Where the response has the rows (RFC 9535); found automatically where that is obvious.',
      examples: ['$.data[*]', '$.feed.entry[*]'],
    }),
  format: z
    .enum(formats)
    .default('json')
    .meta({ description: 'The format of the responses.', examples: ['xml'] }),
  errors: z
    .array(errorRule)
    .default([])
    .meta({ description: 'Rules for responses, the first that matches applies; without one the status decides.' }),
  primary_key: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .meta({
      description: 'The fields that identify a row; dots lead into objects.',
      examples: [['id'], ['order.id', 'line']],
    }),
  key_nulls: z
    .boolean()
    .optional()
    .meta({
      description: 'Fields of a composite `primary_key` may be missing or null, but not all of them.',
      examples: [true],
    }),
  write: z
    .enum(writeModes)
    .optional()
    .meta({
      description: 'How rows are written. Default: merge with a `primary_key`, else append.',
      examples: ['scd2'],
    }),
  deletes: deletes.optional(),
  replace: replace.optional(),
  partition_by: partitionBy.optional(),
  cluster_by: clusterBy.optional(),
  incremental: incremental.optional().meta({
    description: 'Reads only what is new, by a field of the rows.',
    examples: [{ cursor: 'updated_at', start: '2024-01-01', lookback: 'PT1H' }],
  }),
  parent: z
    .strictObject({
      stream: z.string().meta({ description: 'The name of the parent stream.', examples: ['orders'] }),
      include: z.record(z.string(), z.string()).meta({
        description: 'Fields of the parent row that templates use as parent.NAME.',
        examples: [{ order_id: 'id' }],
      }),
      columns: z
        .boolean()
        .default(false)
        .meta({ description: 'Add the included fields to each child row, as _parent_NAME.', examples: [true] }),
      changed_only: z
        .boolean()
        .default(false)
        .meta({
          description:
            'Read only the children of parents that have changed since the last run, by the `incremental.cursor` of the parent stream. A child that changes must change its parent.',
          examples: [true],
        }),
    })
    .optional()
    .meta({ description: 'Reads the stream once for each row of another stream.' }),
  selected: z
    .boolean()
    .default(true)
    .meta({
      description: 'false for a stream that only its children need: it is stored only if a run names it.',
      examples: [false],
    }),
  partitions: z
    .union([z.array(z.record(z.string(), scalar)).min(1), z.record(z.string(), z.array(scalar).min(1))])
    .optional()
    .meta({
      title: 'list of maps, or map of name to list',
      description:
        'Reads the stream once for each map, or for each combination of the lists; templates use partition.NAME.',
      examples: [{ region: ['eu', 'us'], year: [2025, 2026] }],
    }),
  columns: z
    .record(z.string(), columnConfig)
    .default({})
    .meta({
      description: 'What fields become, where it is not inferred.',
      examples: [{ price: { type: 'decimal(18,4)' } }],
    }),
  schema: z
    .enum(schemaPolicies)
    .default('evolve')
    .meta({
      description:
        'What happens to new fields and types: the table gets them (evolve), the run fails (freeze), they are left out (discard_columns), or their rows are refused (discard_rows).',
      examples: ['freeze'],
    }),
  invalid_utf8: z
    .enum(['refuse', 'replace'])
    .optional()
    .meta({
      description:
        'A row with bytes that are not UTF-8 is refused, or stored with U+FFFD in their place. Default: refuse.',
      examples: ['replace'],
    }),
  non_finite: z
    .literal(['refuse', 'null', null])
    .default('refuse')
    .meta({
      description: 'A row with NaN, Infinity or -Infinity in JSON is refused, or they are read as null.',
      examples: ['null'],
    }),
  max_row: z
    .int()
    .min(1_024)
    .max(256 * 1024 * 1024)
    .default(16 * 1024 * 1024)
    .meta({
      description: 'The most bytes of a row; a larger one is refused, and its size is in `_headrace_rejects`.',
      examples: [67_108_864],
    }),
  max_body: z
    .int()
    .min(1_024)
    .max(16 * 1024 ** 3)
    .optional()
    .meta({
      description:
        'The most bytes of a response, before and after decompression. Default: by the memory of the process.',
      examples: [1_073_741_824],
    }),
  max_rejects: z
    .int()
    .min(0)
    .optional()
    .meta({ description: 'The most rows that may be refused in a run before the stream fails.', examples: [0] }),
})

/** What `defaults` may hold: everything of a stream that two streams can share. */
export const defaultsConfig = streamConfig
  .omit({ name: true, table: true, path: true, url: true, auth: true, parent: true })
  .partial()
