import { z } from 'zod'
import { duration } from '../syntax/duration.ts'

const status = z.union([
  z.int().min(100).max(599),
  z.stringFormat('status class', /^[1-5]xx$/, {
    error: 'expected a status such as 429, or a class of them such as 5xx',
  }),
])

/** Computed, as a linter takes a member that is called `then` for a promise. */
const [verdict] = ['then'] as const

export const errorRule = z
  .strictObject({
    status: z.union([status, z.array(status)]).optional(),
    header: z
      .strictObject({ name: z.string(), matches: z.string() })
      .optional()
      .meta({ description: 'A response header and a regular expression for its value.' }),
    body: z
      .string()
      .optional()
      .meta({ description: 'An RFC 9535 JSONPath; the rule applies where it finds something.' }),
    text: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'A regular expression for the body as text (its first 16 KiB), in any format.' }),
    [verdict]: z.enum(['fail', 'ignore', 'retry', 'rate_limited', 'renew_auth', 'restart_listing']),
    message: z.string().optional().meta({ description: 'An RFC 9535 JSONPath to the words of the provider.' }),
  })
  .refine((rule) => rule.status ?? rule.header ?? rule.body ?? rule.text, {
    error: 'expected at least one of status, header, body and text, else the rule would match every answer',
  })

export const retry = z.strictObject({
  attempts: z.int().min(1).max(100).default(5).meta({ description: 'Tries in all.' }),
  max_elapsed: duration
    .default(300_000)
    .meta({ description: 'Longest time for one page with all its tries and waits.' }),
  base: duration.default(500).meta({ description: 'Bound of the first wait; it doubles with each try.' }),
  cap: duration.default(30_000).meta({ description: 'Longest wait of our own choosing.' }),
})

export const rateLimit = z.strictObject({
  requests: z.number().positive().optional().meta({ description: 'Requests allowed in each period.' }),
  per: duration.default(1_000),
  concurrency: z.int().min(1).max(64).default(1).meta({ description: 'Requests in flight at once.' }),
  cost: z.number().positive().default(1).meta({ description: 'What one request takes of the allowance.' }),
})

export type ErrorRule = z.output<typeof errorRule>

export type RetryConfig = z.output<typeof retry>

export type RateLimitConfig = z.output<typeof rateLimit>
