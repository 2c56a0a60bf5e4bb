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
    status: z
      .union([status, z.array(status)])
      .optional()
      .meta({
        description: 'The status of the response, or a class such as 5xx; a list of them.',
        examples: [404, ['5xx', 429]],
      }),
    header: z
      .strictObject({
        name: z.string().meta({ description: 'The name of the response header.', examples: ['X-Error'] }),
        matches: z.string().meta({ description: 'A regular expression for its value.', examples: ['quota'] }),
      })
      .optional()
      .meta({ description: 'A response header and a regular expression for its value.' }),
    body: z
      .string()
      .optional()
      .meta({
        title: 'JSONPath',
        description: 'A path into the body; the rule applies if it finds something.',
        examples: ["$.errors[?@.code=='THROTTLED']"],
      }),
    text: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: 'A regular expression for the body as text (its first 16 KiB), in any format.',
        examples: ['try again later'],
      }),
    [verdict]: z.enum(['fail', 'ignore', 'retry', 'rate_limited', 'renew_auth', 'restart_listing']).meta({
      description: 'What to do with such a response.',
      examples: ['ignore'],
    }),
    message: z
      .string()
      .optional()
      .meta({
        title: 'JSONPath',
        description: 'Where the body has the error message.',
        examples: ['$.errors[0].message'],
      }),
  })
  .refine((rule) => rule.status ?? rule.header ?? rule.body ?? rule.text, {
    error: 'expected at least one of status, header, body and text, else the rule would match every answer',
  })
  .meta({
    description: 'A rule for responses: all of its conditions must hold.',
    examples: [{ status: 404, [verdict]: 'ignore' }],
  })

export const retry = z.strictObject({
  attempts: z
    .int()
    .min(1)
    .max(100)
    .default(5)
    .meta({ description: 'The most times that a request is sent.', examples: [8] }),
  max_elapsed: duration
    .prefault('PT5M')
    .meta({ description: 'The longest time for one page with all its attempts and waits.', examples: ['PT15M'] }),
  base: duration
    .prefault('PT0.5S')
    .meta({ description: 'The longest first wait; it doubles with each attempt.', examples: ['PT1S'] }),
  cap: duration
    .prefault('PT30S')
    .meta({ description: 'The longest wait, unless the provider asks for a longer one.', examples: ['PT2M'] }),
})

export const rateLimit = z.strictObject({
  requests: z
    .number()
    .positive()
    .optional()
    .meta({ description: 'The most requests in each period.', examples: [100] }),
  per: duration.prefault('PT1S').meta({ description: 'The period.', examples: ['PT1M'] }),
  concurrency: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .meta({ description: 'The most requests at the same time.', examples: [4] }),
  cost: z
    .number()
    .positive()
    .default(1)
    .meta({
      description: 'How much of the remaining allowance in the headers of the provider one request uses.',
      examples: [10],
    }),
})

export type ErrorRule = z.output<typeof errorRule>

export type RetryConfig = z.output<typeof retry>

export type RateLimitConfig = z.output<typeof rateLimit>
