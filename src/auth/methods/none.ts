import { z } from 'zod'
import { defineAuth } from '../auth.ts'

/** An API that asks for no credential. */
export default defineAuth({
  config: z.strictObject({ type: z.literal('none') }),
  writes: () => [],
  example: { label: 'nothing', lines: () => [] },
  create: () => ({ sign: (request) => Promise.resolve(request) }),
})
