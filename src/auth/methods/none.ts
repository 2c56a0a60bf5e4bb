import { z } from 'zod'
import { defineAuth } from '../auth.ts'

/** An API that asks for no credential. */
export default defineAuth({
  config: z.strictObject({ type: z.literal('none') }),
  create: () => ({ sign: (request) => Promise.resolve(request) }),
})
