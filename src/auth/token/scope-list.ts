import { z } from 'zod'

/** Scopes as a list, or as one text with blanks between (RFC 6749 section 3.3), which comes out as a list too. */
export const scopeList = z
  .union([z.string().min(1), z.array(z.string().min(1))])
  .transform((value) => (typeof value === 'string' ? value.split(/\s+/).filter((scope) => scope !== '') : value))
  .meta({ description: 'The scopes to ask for: a list, or one text with spaces between.', examples: [['orders.read']] })
