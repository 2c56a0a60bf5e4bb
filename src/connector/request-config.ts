import { z } from 'zod'
import { authConfig } from '../auth/index.ts'

export const scalar = z.union([z.string(), z.number(), z.boolean()])

export const headers = z
  .record(z.string(), z.string())
  .meta({ description: 'Request headers; values may have templates.', examples: [{ 'X-Api-Version': '2026-01-01' }] })

export const params = z.record(z.string(), z.union([scalar, z.array(scalar), z.null()])).meta({
  title: 'map of name to text, number, `true`, `false` or a list of them',
  description:
    'Query parameters; values may have templates. One whose template is empty is left out; `list_style` says how a list is written.',
  examples: [{ status: ['open', 'closed'], updated_since: '{{ cursor }}' }],
})

export const webUrl = z
  .url({
    protocol: /^https?$/,
    error: 'expected an absolute URL that begins with https:// (or http://), such as https://api.example.com/v1',
  })
  .meta({ title: 'URL' })

export const auth = z.union([authConfig, z.array(authConfig).min(1)])
