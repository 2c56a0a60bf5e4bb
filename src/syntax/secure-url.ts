import { z } from 'zod'
import { isLoopback } from './loopback.ts'

/** A URL that credentials are sent to: https, or plain http to this very machine. */
export const secureUrl = z
  .url({ protocol: /^https?$/, error: 'expected an absolute URL that begins with https://' })
  .refine((text) => URL.parse(text)?.protocol !== 'http:' || isLoopback(text), {
    error: 'expected https, as credentials are sent there',
  })
  .refine((text) => !URL.parse(text)?.username && !URL.parse(text)?.password, {
    error: 'expected a URL without user:password@',
  })
  .meta({ title: 'https URL' })
