import type { Row } from './markdown.ts'

/** Tables that come from other places than the schema of connector files. */
export const tables: Readonly<Record<string, { readonly head: string; rows(): readonly Row[] }>> = {}
