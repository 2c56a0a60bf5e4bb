import { z } from 'zod'
import { definePaginator, type Paginator } from './paginator.ts'

const noneConfig = z.strictObject({ type: z.literal('none') }).meta({
  description: 'One request is the whole listing.',
  examples: [{ type: 'none' }],
})

/** One request is the whole listing. */
export default definePaginator({
  config: noneConfig,
  isSized: () => true,
  create: createNone,
})

function createNone(): Paginator {
  return { first: (request) => request, next: () => ({ end: 'one_request' }) }
}
