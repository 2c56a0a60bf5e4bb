import { type FaultCase, reply } from './case.ts'
import { byPage, labels, merge, row, rows, slice } from './rows.ts'

/** Computed, as a linter takes a member that is called `then` for a promise. */
const [verdict] = ['then'] as const
const all = { type: 'none' }
const plain = { ...merge, paginator: all }
const body = (count: number): string => JSON.stringify({ data: rows(count) })

export const answerFaults: readonly FaultCase[] = [
  {
    name: 'an empty 202 is to be asked for again',
    stream: { ...plain, errors: [{ status: 202, [verdict]: 'retry' }] },
    answer: ({ request }) => (request === 0 ? reply('', 202) : { data: rows(2) }),
    want: labels(2),
    must: 'complete',
  },
  {
    name: 'each line begins with a byte order mark',
    stream: { ...plain, format: 'jsonl', rows: undefined },
    answer: () =>
      reply(
        rows(2)
          .map((one) => `\uFEFF${JSON.stringify(one)}\n`)
          .join(''),
      ),
    want: labels(2),
    must: 'complete',
  },
  {
    name: 'JSON breaks off as the connection closes',
    stream: plain,
    answer: ({ request }) => (request === 0 ? reply(body(2).slice(0, 40)) : { data: rows(2) }),
    want: labels(2),
    must: 'complete',
  },
  {
    name: 'Retry-After is an epoch',
    stream: plain,
    answer: ({ request }) =>
      request === 0 ? reply('{}', 429, { 'retry-after': String(Date.UTC(2024, 5, 1) / 1000 + 5) }) : { data: rows(2) },
    want: labels(2),
    must: 'complete',
  },
  {
    name: 'the secondary limit of GitHub',
    stream: plain,
    answer: ({ request }) =>
      request === 0
        ? reply('{"message":"You have exceeded a secondary rate limit. Please wait a few minutes."}', 403)
        : { data: rows(2) },
    want: labels(2),
    must: 'complete',
  },
  {
    name: 'every row is refused',
    stream: { ...plain, schema: 'discard_rows' },
    runs: [{}, {}],
    answer: ({ run }) => ({ data: rows(6).map((one) => (run === 0 ? row(1) : { ...one, extra: 'x' })) }),
    want: labels(6),
  },
  {
    name: 'a page in the middle is plain text',
    stream: {
      ...merge,
      paginator: byPage,
      errors: [{ header: { name: 'content-type', matches: 'text/plain' }, [verdict]: 'retry' }],
    },
    answer: ({ page, request }) =>
      request === 1 ? reply('busy', 200, { 'content-type': 'text/plain' }) : { data: slice(rows(6), page) },
    want: labels(6),
    must: 'complete',
  },
]
