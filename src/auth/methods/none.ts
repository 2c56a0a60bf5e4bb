import { z } from 'zod'
import { defineAuth } from '../auth.ts'

/** An API that asks for no credential. */
export default defineAuth({
  config: z.strictObject({ type: z.literal('none') }).meta({
    description: 'No sign-in: for public APIs, and for single streams that need none.',
    examples: [{ type: 'none' }],
  }),
  writes: () => [],
  example: { label: 'nothing', lines: () => [] },
  create: () => ({ sign: (request) => Promise.resolve(request) }),
})
