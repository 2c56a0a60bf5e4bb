import { parseExact } from '../base/json/exact-json.ts'
import type { PageRows } from '../decode/page-decoder.ts'
import { type Member, readMembers, stringValue } from '../schema/value.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import type { CursorType } from './cursor.ts'
import { readLines } from './rows.ts'

/** So many rows tell how a cursor is spelled. */
const sampleSize = 100

/** Characters of a cursor: it goes into each checkpoint, and into requests. */
export const longestCursor = 1_024

export const isTooLong = (cursor: CursorValue | undefined): cursor is string =>
  typeof cursor === 'string' && cursor.length > longestCursor

/** What a row has where its cursor belongs (a dotted key leads into objects), or undefined where that is no text or number. */
export function findCursor(members: readonly Member[], row: string, key: string): CursorValue | undefined {
  const member = members.find((candidate) => candidate.key === key)
  if (member) return memberCursor(member)
  if (!key.includes('.')) return undefined
  const value = key
    .split('.')
    .reduce<unknown>(
      (at, name) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined),
      parseExact(row),
    )
  if (typeof value === 'bigint') return value.toString()
  return typeof value === 'string' || typeof value === 'number' ? value : undefined
}

function memberCursor({ kind, text }: Member): CursorValue | undefined {
  if (kind === 'null' || kind === 'json' || kind === 'boolean') return undefined
  return text.startsWith('"') ? stringValue(text) : readCursor(text, true)
}

/** A number stays one unless a double would round it. */
export function readCursor(text: string, numeric: boolean): CursorValue {
  if (!numeric) return text
  const isExact = /^-?\d+$/.test(text) ? Number.isSafeInteger(Number(text)) : text.replaceAll(/\D/g, '').length <= 15
  return isExact ? Number(text) : text
}

/** Lets the cursor's type learn from the first rows of a page, while it does not know how the provider spells it. */
export async function learnCursor(page: PageRows, order: CursorType): Promise<void> {
  if (order.isSettled || page.count === 0) return
  const samples: CursorValue[] = []
  let rows = 0
  for await (const line of readLines(page)) {
    const cursor = findCursor(readMembers(line), line, order.field)
    if (cursor !== undefined && !isTooLong(cursor)) samples.push(cursor)
    if (++rows === sampleSize) break
  }
  order.learn(samples)
}
