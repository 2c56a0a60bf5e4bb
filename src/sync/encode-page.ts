import type { PageRows } from '../decode/page-decoder.ts'
import { oversizedBytes } from '../decode/oversized-row.ts'
import { pageLimit } from '../decode/page-rows.ts'
import { Spool } from '../base/spool.ts'
import type { Reject, TableWriter } from '../destinations/destination.ts'
import { SyncError } from '../base/errors.ts'
import type { TableSchema } from '../schema/table-schema.ts'
import type { Redactor } from '../secrets/redactor.ts'
import { type Member, readMembers, refusal } from '../schema/value.ts'
import type { SeenRowFilter, PageTally } from './seen-row-filter.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import type { CursorType } from './cursor.ts'
import { findCursor, isTooLong, learnCursor, longestCursor, readCursor } from './row-cursor.ts'
import { missingFields, withKeyMembers } from './row-keys.ts'
import { everyRow, withEdge } from './row-offsets.ts'
import { byteMark, readSegments, rowMark, rowText } from './rows.ts'

/** How much of a refused row is kept. */
const rejectLimit = 65_536
/** And of all those of a page. */
const rejectsLimit = 8 * 1024 * 1024

/** Characters of encoded rows that are held before they are written. */
const flushSize = 1024 * 1024

export interface RowRules {
  readonly schema: TableSchema
  readonly primaryKey: readonly string[]
  /** Of a primary key of several fields some may be missing or null. */
  readonly keyNulls?: boolean
  /** How the cursor is read and ordered; undefined where the stream has none. */
  readonly order: CursorType | undefined
  readonly boundary: SeenRowFilter | undefined
  /** The text of a row whose bytes are no UTF-8; undefined where such a row is refused. */
  readonly repair?: ((bytes: Uint8Array) => string) | undefined
  /** Bytes of a row as the provider sent it; a larger one is refused. No limit where absent. */
  readonly maxRow?: number
  /** Members that each row gets beside its own. */
  readonly extra: readonly Member[]
  /** Names the page in messages. */
  readonly where: string
  /** The highest cursor before this page, and when the listing began (ms since 1970). */
  readonly highest: CursorValue | null
  readonly began: number
  /** Milliseconds since 1970, by the clock of the provider or of this machine, whichever is ahead. */
  readonly now: number
  /** What is kept of a refused row holds no secret. A row whose cursor is one is refused, as it would go into checkpoints. */
  readonly redactor?: Pick<Redactor, 'redact' | 'holds'> | undefined
  /** See `TableWriter.isWide`. */
  readonly isWide?: TableWriter['isWide']
}

export interface EncodedPage {
  /** NDJSON as the destination takes it. */
  readonly lines: Spool
  readonly rows: number
  readonly rejects: readonly Reject[]
  /** The highest cursor among these rows. */
  readonly highest: CursorValue | null
}

interface Pass {
  readonly lines: Spool
  readonly rejects: Reject[]
  /** Bytes that are left for their texts. */
  room: number
  readonly tally: PageTally
  /** See `Boundary.passes`. */
  readonly edge: CursorValue | null
  dropped: number
  highest: CursorValue | null
  /** Whether a row has anything where the cursor belongs. */
  hasCursor: boolean
  readonly redactor: RowRules['redactor']
}

/** Gives the rows of a page their place in the table: those that fit pass as the bytes they are, the odd ones are encoded again. */
export async function encodePage(page: PageRows, rules: RowRules): Promise<EncodedPage> {
  const { schema, boundary, order } = rules
  if (order) await learnCursor(page, order)
  const typed = order && schema.columns.find(({ name }) => name === order.field)?.type
  const numeric = typed === 'integer'
  const passed = page.highest === null ? null : readCursor(page.highest, numeric)
  const isTrusted =
    passed === null || (order?.reads(passed) === true && !order.isBarred(passed, rules.now) && !isSecret(passed, rules))
  const verbatim = isTrusted ? passed : null
  const reachesEnd = verbatim !== null && boundary?.reachesEnd(verbatim) === true
  const known = reachesEnd ? null : verbatim
  const edge = boundary && !reachesEnd ? boundary.edge(order?.higher(rules.highest, known) ?? null, rules.began) : null
  const hasNarrowed = schema.noteWide(page.wide)
  const odd =
    !isTrusted || hasNarrowed
      ? await everyRow(page)
      : boundary
        ? await withEdge(page, { boundary, edge, numeric })
        : page.nonConforming
  const { redactor } = rules
  const start = {
    rejects: [],
    room: rejectsLimit,
    dropped: 0,
    highest: known,
    hasCursor: verbatim !== null,
    edge,
    redactor,
  }
  if (odd.length === 0) return finish(page, rules, { ...start, lines: page.lines, tally: { met: new Map() } })
  for (;;) {
    const version = schema.version
    schema.misfits.open()
    const pass: Pass = { ...start, rejects: [], lines: new Spool(pageLimit), tally: { met: new Map() } }
    try {
      await encodeRows(page, odd, { rules, pass })
    } catch (error) {
      await pass.lines[Symbol.asyncDispose]()
      throw error
    }
    // A column that was added or widened on the way changes how the rows before it are written.
    const { questions } = schema
    if (schema.version === version && questions.length === 0) return finish(page, rules, pass)
    for (const column of questions) schema.answer(column, column.isWide ?? (await rules.isWide?.(column.name)) ?? false)
    await pass.lines[Symbol.asyncDispose]()
  }
}

async function finish(
  page: PageRows,
  { schema, boundary, order, began, highest: before }: RowRules,
  { lines, rejects, tally, dropped, highest, hasCursor }: Pass,
): Promise<EncodedPage> {
  schema.settle()
  await schema.misfits.close(page)
  if (order && !hasCursor && page.count > 0) order.warnOfAbsence()
  boundary?.remember(tally, boundary.edge(order?.higher(before, highest) ?? null, began))
  return { lines, rows: page.count - rejects.length - dropped, rejects, highest }
}

async function encodeRows(
  page: PageRows,
  odd: readonly number[],
  { rules, pass }: { readonly rules: RowRules; readonly pass: Pass },
): Promise<void> {
  let row = 0
  let out: string[] = []
  let held = 0
  const flush = async (): Promise<void> => {
    if (out.length === 0) return
    const text = out.join('')
    out = []
    held = 0
    await pass.lines.write(Buffer.from(text))
  }
  for await (const segment of readSegments(page, odd)) {
    if ('verbatim' in segment) {
      await flush()
      // A copy, as the page keeps its own (`slice` of a Buffer makes none): a spool gives its blocks back.
      await pass.lines.write(new Uint8Array(segment.verbatim))
    } else {
      const line = encodeRow(segment.nonConforming, rules, pass)
      if (typeof line === 'object') throw await keyMissing(page, odd[row * 2] as number, { ...rules, ...line })
      if (line !== undefined) {
        out.push(line)
        held += line.length
      }
      if (out.length >= 512 || held >= flushSize) await flush()
      row++
    }
  }
  await flush()
}

/** The fields of its key that a row lacks. */
interface MissingKey {
  readonly missing: readonly string[]
}

function encodeRow(bytes: Uint8Array, rules: RowRules, pass: Pass): string | MissingKey | undefined {
  const { schema, primaryKey, boundary, order } = rules
  const size = oversizedBytes(bytes) ?? bytes.length
  if (rules.maxRow !== undefined && size > rules.maxRow) {
    pass.rejects.push({ reason: `is of ${size} bytes, and max_row allows ${rules.maxRow}`, row: '' })
    return undefined
  }
  const text = rowText(bytes) ?? rules.repair?.(bytes)
  const reason = text === undefined ? 'holds bytes that are no UTF-8' : refusal(text)
  if (text === undefined || reason !== undefined) return reject(bytes, reason as string, pass)
  const members = withKeyMembers([...readMembers(text), ...rules.extra], primaryKey)
  const absurd = schema.refusal(members)
  if (absurd !== undefined) return reject(bytes, absurd, pass)
  const found = order && findCursor(members, text, order.field)
  if (isTooLong(found))
    return reject(bytes, `has a cursor of ${found.length} characters, longer than ${longestCursor}`, pass)
  const cursor = found !== undefined && order?.reads(found) ? found : undefined
  if (found !== undefined) pass.hasCursor = true
  if (isSecret(found ?? null, rules)) return reject(bytes, 'has a cursor that holds a secret of the connector', pass)
  if (found !== undefined && cursor === undefined) order?.warnOf(found)
  const missing = missingFields(members, primaryKey, rules.keyNulls)
  if (missing.length > 0) return { missing }
  if (boundary && !boundary.passes(cursor ?? null, pass.edge)) {
    const marks = {
      mark: lazy(() => rowMark(members, primaryKey, cursor ?? null)),
      byteMark: () => byteMark(bytes),
    }
    if (!boundary.admits(cursor ?? null, marks, pass.tally)) {
      pass.dropped++
      return undefined
    }
  }
  const parts: string[] = []
  for (const member of members) {
    const placed =
      order && cursor !== undefined && member.key === order.field
        ? schema.placeCursor(member, (type) => order.toColumn(cursor, type))
        : schema.place(member)
    if (placed === undefined) continue
    if ('refused' in placed) return reject(bytes, placed.refused, pass)
    parts.push(`"${placed.column}":${placed.text}`)
    if (placed.beside) parts.push(`"${placed.beside.column}":${placed.beside.text}`)
  }
  const key = order && primaryKey.length > 0 ? cursorKey(cursor, order, schema) : undefined
  if (key) parts.push(`"${key.column}":${key.text}`)
  if (order && cursor !== undefined) {
    if (order.isBarred(cursor, rules.now)) order.warnOfBarred(cursor)
    else pass.highest = order.higher(pass.highest, cursor)
  }
  return `{${parts.join(',')}}\n`
}

/** What orders a row among those of its key, where the column of its cursor does not. */
function cursorKey(cursor: CursorValue | undefined, order: CursorType, schema: TableSchema) {
  // What is left out of the table does not come back as a key.
  if (cursor === undefined || schema.drops(order.field)) return undefined
  // A cursor inside an object has no column of its own.
  const type = order.field.includes('.') ? undefined : schema.typeOf(order.field)
  const key = order.sortKey(cursor, type)
  return key === undefined ? undefined : schema.placeCursorKey(key)
}

function reject(bytes: Uint8Array, reason: string, pass: Pass): undefined {
  const { rejects, redactor } = pass
  const kept = bytes.subarray(0, Math.min(rejectLimit, pass.room))
  pass.room -= kept.length
  const row = Buffer.from(kept).toString()
  rejects.push(redactor ? { reason: redactor.redact(reason), row: redactor.redact(row) } : { reason, row })
}

const isSecret = (cursor: CursorValue | null, { redactor }: RowRules): boolean =>
  typeof cursor === 'string' && redactor?.holds(cursor) === true

function lazy<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

async function keyMissing(
  page: PageRows,
  offset: number,
  { missing, primaryKey, where }: MissingKey & Pick<RowRules, 'primaryKey' | 'where'>,
): Promise<SyncError> {
  let row = 1
  let base = 0
  for await (const chunk of page.lines.read()) {
    for (let at = chunk.indexOf(0x0a); at >= 0 && base + at < offset; at = chunk.indexOf(0x0a, at + 1)) row++
    base += chunk.length
  }
  const isPart = missing.length < primaryKey.length
  const ways = isPart
    ? 'name another primary_key, or allow it with key_nulls: true'
    : 'name another primary_key or write: append'
  return new SyncError(
    'KEY_MISSING',
    `Row ${row} of ${where} has no ${missing.join(', ')}, which is ${isPart ? 'part of ' : ''}the primary key; ${ways}`,
    { details: { row } },
  )
}
