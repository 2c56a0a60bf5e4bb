import type { z } from 'zod'
import type { Finding } from './problems.ts'
import { describeIssues, type OtherLocation } from './schema-findings.ts'

/** What of an object could be understood: keys that are wrong are left out and named in `broken`. */
export interface Understood<Output> {
  readonly value: Partial<Output>
  readonly broken: ReadonlySet<string>
  readonly findings: readonly Finding[]
}

interface Subject {
  readonly raw: unknown
  readonly elsewhere?: readonly OtherLocation[]
}

/** Parses as much of an object as is right, so that one wrong key does not hide what else is wrong. */
export function parseLenient<Schema extends z.ZodObject>(
  schema: Schema,
  { raw, elsewhere = [] }: Subject,
): Understood<z.output<Schema>> {
  const parsed = schema.safeParse(raw)
  if (parsed.success) return { value: parsed.data as Partial<z.output<Schema>>, broken: new Set(), findings: [] }
  const findings = describeIssues(parsed.error.issues, { schema, value: raw, elsewhere })
  const broken = new Set(findings.map(({ path }) => String(path[0])))
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw))
    return { value: {}, broken: new Set(Object.keys(schema.shape)), findings }
  const rest = schema.partial().safeParse(Object.fromEntries(Object.entries(raw).filter(([key]) => !broken.has(key))))
  // A default stands in for a key that is wrong; whoever looks at such a key asks `broken` first.
  return { value: (rest.success ? rest.data : {}) as Partial<z.output<Schema>>, broken, findings }
}
