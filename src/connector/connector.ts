import { z } from 'zod'
import type { authConfig } from '../auth/index.ts'
import { rateLimit, retry } from '../http/config.ts'
import { secretRef } from '../secrets/ref.ts'
import { duration } from '../syntax/duration.ts'
import type { incremental } from './incremental.ts'
import { auth, headers, params, webUrl } from './request-config.ts'
import { defaultsConfig, streamConfig } from './stream.ts'

/** Cross-field rules, which show at the key that is missing, are in checks/tls.ts. */
const tls = z.strictObject({
  cert: secretRef.optional().meta({
    description: 'The client certificate as PEM, with the intermediate certificates.',
    examples: ['secret:acme-client#cert'],
  }),
  key: secretRef
    .optional()
    .meta({ description: 'Its private key as PEM, without a passphrase.', examples: ['secret:acme-client#key'] }),
  ca: z
    .union([secretRef, z.array(secretRef).min(1)])
    .transform((refs) => (Array.isArray(refs) ? refs : [refs]))
    .optional()
    .meta({
      description: 'Certificate authorities as PEM, trusted in addition to the usual ones.',
      examples: ['file:acme-ca.pem'],
    }),
})

export const connectorConfig = z.strictObject({
  name: z
    .stringFormat('connector name', /^[a-z][a-z0-9_-]*$/, {
      error: 'expected lower-case letters, digits, _ and -, beginning with a letter',
    })
    .meta({
      description:
        'The name of the connector in lower case, also used as the name of the schema or dataset (- becomes _).',
      examples: ['acme'],
    }),
  base_url: webUrl.meta({
    description: 'The URL that the paths of the streams are appended to.',
    examples: ['https://api.acme.example/v1'],
  }),
  headers: headers.default({}),
  params: params.default({}),
  auth: auth.default({ type: 'none' }).meta({ description: 'How requests are signed: a method, or a list of them.' }),
  rate_limit: rateLimit
    .prefault({})
    .meta({ description: 'How fast requests are sent; what the provider says in its headers is observed anyway.' }),
  retry: retry.prefault({}).meta({ description: 'How often and how long a failed request is repeated.' }),
  timeout: duration
    .prefault('PT1M')
    .meta({ description: 'The longest time for one request and its response.', examples: ['PT5M'] }),
  tls: tls
    .optional()
    .meta({ description: 'Mutual TLS and further certificate authorities, for the API and its token endpoint.' }),
  origins: z
    .array(
      z.union([
        webUrl,
        z.strictObject({
          url: webUrl.meta({ description: 'The origin.', examples: ['https://files.acme.example'] }),
          credentials: z
            .boolean()
            .default(true)
            .meta({ description: 'Whether requests to it are signed.', examples: [false] }),
        }),
      ]),
    )
    .default([])
    .meta({
      description: 'Further origins that next links and redirects may lead to.',
      examples: [['https://api2.acme.example']],
    }),
  destination: z
    .string()
    .optional()
    .meta({
      description: 'Where the rows go, unless the command or HEADRACE_DESTINATION says otherwise.',
      examples: ['duckdb:acme.duckdb'],
    }),
  schedule: z
    .strictObject({
      cron: z.string().meta({ description: 'A cron expression of five fields.', examples: ['0 6 * * *'] }),
      time_zone: z
        .string()
        .default('Etc/UTC')
        .meta({ description: 'The time zone of the expression.', examples: ['Europe/Berlin'] }),
    })
    .optional()
    .meta({
      description: 'When a deployment runs it; headrace run and headrace serve start nothing on their own.',
    }),
  expect: z
    .strictObject({
      every: duration.meta({ description: 'The period in which rows are expected.', examples: ['P1D'] }),
      min_rows: z
        .int()
        .min(0)
        .default(1)
        .meta({ description: 'The fewest rows that are expected in that time.', examples: [100] }),
    })
    .optional()
    .meta({
      description: 'How often rows are expected: the status page and alerts report silence; no run fails by it.',
    }),
  alerts: z
    .array(secretRef)
    .optional()
    .meta({
      description:
        'Where to send failure alerts: secrets that hold webhook or smtp URLs, in addition to HEADRACE_ALERTS.',
      examples: [['secret:acme-alerts']],
    }),
  defaults: defaultsConfig.default({}).meta({
    description: 'Keys for every stream; params and headers are merged by name, all others are replaced as a whole.',
    examples: [{ params: { per_page: 400 }, paginator: { type: 'page_number' } }],
  }),
  streams: z.array(streamConfig).min(1).meta({ description: 'What is read: a list of streams.' }),
})

/** How a stream reads only what is new, its defaults filled in. */
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
