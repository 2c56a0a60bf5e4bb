import { z } from 'zod'
import type { Paginator } from './paginator.ts'

export const noneConfig = z.strictObject({ type: z.literal('none') }).meta({
  description: 'One request is the whole listing.',
  examples: [{ type: 'none' }],
})

/** One request is the whole listing. */
export function createNone(): Paginator {
  return { first: (request) => request, next: () => ({ end: 'one_request' }) }
}
