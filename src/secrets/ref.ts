import { z } from 'zod'

/** Where a secret lies. */
export interface SecretRef {
  readonly store: 'secret' | 'env' | 'file'
  /** Secret Manager: a short or full resource name; env: the variable; file: the path as written. */
  readonly name: string
  /** Secret Manager only; `latest` where absent. */
  readonly version?: string
  /** A field of a JSON secret: `client_id`, or a JSON pointer `/oauth/client_id` (RFC 6901). */
  readonly pointer?: string
  /** As written in the connector file, for messages. */
  readonly text: string
}

const pattern = /^(secret|env|file):([^@#\s]+(?:\s[^@#\s]+)*)(?:@([A-Za-z0-9_-]+))?(?:#(.+))?$/

/** Parses `secret:NAME[@VERSION][#POINTER]`, `env:NAME[#POINTER]` and `file:PATH[#POINTER]`; undefined where `text` is none of them. */
export function parseSecretRef(text: string): SecretRef | undefined {
  const match = pattern.exec(text)
  if (!match) return undefined
  const [, store, name, version, pointer] = match as unknown as [string, SecretRef['store'], string, string?, string?]
  if (version !== undefined && store !== 'secret') return undefined
  return { store, name, ...(version && { version }), ...(pointer && { pointer }), text }
}

/** Whether `value` is a reference that was parsed. */
export function isSecretRef(value: unknown): value is SecretRef {
  if (typeof value !== 'object' || value === null) return false
  const { store, name, text } = value as Partial<Record<keyof SecretRef, unknown>>
  return typeof text === 'string' && typeof name === 'string' && ['secret', 'env', 'file'].includes(String(store))
}

/** A reference to a secret; a literal is refused. */
export const secretRef = z
  .string()
  .refine((text) => parseSecretRef(text) !== undefined, {
    error:
      'expected a reference to a secret (secret:NAME, env:NAME or file:PATH), as credentials do not belong in a connector file',
  })
  .transform((text) => parseSecretRef(text) as SecretRef)
  .meta({
    title: 'secret',
    description: 'A secret: secret:NAME[@VERSION][#POINTER], env:NAME[#POINTER] or file:PATH[#POINTER].',
  })

/** A user name or client id: literal, or a reference. */
export const secretRefOrText = z
  .string()
  .min(1)
  .transform((text): SecretRef | string => parseSecretRef(text) ?? text)
  .meta({ title: 'text or secret', description: 'A literal, or a secret: secret:NAME, env:NAME or file:PATH.' })
