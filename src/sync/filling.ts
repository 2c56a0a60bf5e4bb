import type { ResumePoint } from '../destinations/resume-point.ts'
import { Spool } from '../base/spool.ts'
import type { Reject } from '../destinations/destination.ts'
import type { BatchRules, FilledBatch } from './batches.ts'
import { type Checkpoint, chunkedVersion } from '../destinations/checkpoint.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import { encodePage } from './encode-page.ts'
import { chunksOf } from './mark-chunks.ts'
import { endedLimit } from './pick-slices.ts'
import { Reading } from './reading.ts'
import { refuseLostPage, tooManyRejects } from './reject-limits.ts'
import type { SliceState } from '../destinations/slice-state.ts'
import type { StreamStep } from './slices.ts'

/** A batch closes once it holds so much: large enough for cheap loads, small enough to lose little work. */
const batchBytes = 16 * 1024 * 1024

/** What a batch says of slices travels with its commit: so many, or so many bytes of JSON, close it. */
const sliceLimits = { count: 2_000, bytes: 256 * 1024 }

interface OpenBatch {
  readonly lines: Spool
  readonly rejects: Reject[]
  rows: number
  pages: number
  since: number | undefined
}

const emptyBatch = (): OpenBatch => ({ lines: new Spool(), rejects: [], rows: 0, pages: 0, since: undefined })

/** Gathers pages into one batch after the other. A page is never split, so a checkpoint always lies between two. */
export class Filling {
  readonly #rules: BatchRules
  #seq: number
  #batch = emptyBatch()
  /** The rows of the slice that is being read, as long as it may have to be given up: else they are in the batch. */
  #part = emptyBatch()
  readonly #slices: SliceState[] = []
  #sliceBytes = 0
  /** Characters of the texts of refused rows, which are held in memory. */
  #refusedText = 0
  /** Undefined where a stream is between two of its slices. */
  #reading: Reading | undefined
  #key: string | undefined
  /** The highest cursor of all slices. */
  #reached: CursorValue | null
  readonly #linked: Set<string>
  /** Behind the last page; undefined where a page was taken in part. */
  #place: ResumePoint | undefined
  /** Where the slice begins that is being read. */
  #sliceStart: ResumePoint | undefined
  /** The first slices that were read to their end, by their marks. */
  readonly #ended: string[]
  #pagesRead: number
  #mark: string
  #rejected = 0
  #refused: boolean
  /** Rows of all batches. */
  rowsRead = 0

  constructor(rules: BatchRules) {
    const { position, slices, bounds } = rules
    const { open, done } = position.checkpoint
    this.#rules = rules
    this.#seq = position.seq
    this.#reading = slices ? undefined : new Reading(bounds(undefined, open), open)
    this.#reached = done
    this.#linked = new Set(position.checkpoint.linked)
    this.#place = open?.place
    this.#ended = [...(open?.ended ?? [])]
    this.#pagesRead = open?.pages ?? 0
    this.#mark = open?.mark ?? ''
    this.#refused = open?.refused ?? false
  }

  get isFull(): boolean {
    const since = this.#batch.since ?? this.#part.since
    return (
      this.#batch.lines.size + this.#part.lines.size + this.#refusedText >= batchBytes ||
      (since !== undefined && this.#rules.now() - since >= this.#rules.age) ||
      this.#slices.length >= sliceLimits.count ||
      this.#sliceBytes >= sliceLimits.bytes ||
      this.#rules.chunks.isHeavy ||
      this.#reading?.bounds.boundary?.isHeavy === true
    )
  }

  get place(): ResumePoint | undefined {
    return this.#place
  }

  /** Takes a page. True where it is the last: nothing follows, or all that follows is out of range. */
  async add(streamStep: StreamStep): Promise<boolean> {
    const [rules, { page }] = [this.#rules, streamStep.step]
    await using rows = page.body.rows
    const reading = this.#turnTo(streamStep)
    const began = reading.began(page, rules.now())
    const encoded = await encodePage(rows, {
      schema: rules.schema,
      primaryKey: rules.primaryKey,
      keyNulls: rules.keyNulls,
      order: rules.order,
      boundary: reading.bounds.boundary,
      repair: rules.repair,
      maxRow: rules.maxRow,
      redactor: rules.redactor,
      extra: rules.extra(streamStep.slice),
      // Most pages never need their name.
      get where() {
        return rules.describe(streamStep)
      },
      highest: reading.highest,
      began,
      now: Math.max(began, rules.now()),
      isWide: rules.isWide,
    })
    if (rules.maxRejects === undefined) refuseLostPage(rows, encoded.rejects, () => rules.describe(streamStep))
    await using lines = encoded.lines
    const shared = !rules.slices && Object.keys(streamStep.slice).length > 0
    if (streamStep.step.cut) reading.cut(encoded, (cut) => rules.onCut({ ...cut, shared }))
    // A batch that holds a part of a page is given up.
    this.#place = undefined
    const into = this.#part
    await into.lines.take(lines)
    into.rows += encoded.rows
    into.rejects.push(...encoded.rejects)
    for (const { row } of encoded.rejects) this.#refusedText += row.length
    into.pages++
    into.since ??= rules.now()
    reading.add(encoded)
    this.#pagesRead++
    this.rowsRead += encoded.rows
    this.#rejected += encoded.rejects.length
    this.#refused ||= encoded.rejects.length > 0 || streamStep.step.moved === true
    const isLast = await this.#passOn(streamStep, reading.isPastRange(page, encoded))
    if (rules.maxRejects !== undefined && this.#rejected > rules.maxRejects)
      throw tooManyRejects(this.#rejected, rules.maxRejects, rules.describe(streamStep))
    return isLast
  }

  async #passOn({ step, slice, after, behind, endSlice }: StreamStep, isPastRange: boolean): Promise<boolean> {
    const { slices, markOf } = this.#rules
    const ends = step.next === undefined || (isPastRange && slices !== undefined)
    this.#mark = ends ? '' : step.page.mark
    if (ends && markOf && this.#ended.length < endedLimit) this.#ended.push(markOf(slice))
    if (!slices) {
      this.#place = after
      // Past the range of one slice there are still the others.
      return !after || (!after.slices && isPastRange)
    }
    if (ends) {
      if (step.next) endSlice()
      await this.#finishSlice()
    }
    this.#place = ends ? behind() : after
    return !this.#place
  }

  /** The reading of the slice that a page belongs to. */
  #turnTo({ slice }: StreamStep): Reading {
    if (this.#reading) return this.#reading
    const { slices, position, bounds } = this.#rules
    const { open } = position.checkpoint
    this.#key = slices?.keyOf(slice)
    this.#sliceStart = this.#place
    const isFirst = this.#pagesRead === (open?.pages ?? 0)
    const opened = isFirst ? open : undefined
    this.#reading = new Reading(bounds(this.#key, opened), opened)
    return this.#reading
  }

  async #finishSlice(): Promise<void> {
    const { slices, order, now } = this.#rules
    const progress = this.#reading?.finish(now())
    await this.#joinPart()
    if (!slices || !progress) return
    const { runs } = this.#reading ?? {}
    if (slices.appends && runs && runs.size > 0)
      for (const run of [...runs, this.#rules.open.runId]) this.#linked.add(run)
    const state = slices.cursors.advance(this.#key ?? '', progress)
    this.#reading = undefined
    this.#reached = order?.higher(this.#reached, progress.done) ?? null
    if (!state) return
    this.#slices.push(state)
    this.#sliceBytes += JSON.stringify(state).length
  }

  async #joinPart(): Promise<void> {
    const [batch, part] = [this.#batch, this.#part]
    if (part.pages === 0) return
    if (batch.pages === 0) this.#batch = part
    else {
      await batch.lines.take(part.lines)
      batch.rows += part.rows
      batch.rejects.push(...part.rejects)
      batch.pages += part.pages
    }
    this.#part = emptyBatch()
  }

  /** Closes the batch behind its last page; at the end of the listing with `complete`. */
  async close(complete: boolean): Promise<FilledBatch> {
    await this.#joinPart()
    const { position, schema, retract, slices, chunks } = this.#rules
    const { lines, rows, rejects, pages } = this.#batch
    const states = this.#slices.splice(0)
    this.#batch = emptyBatch()
    this.#sliceBytes = this.#refusedText = 0
    this.#seq++
    const isFirst = this.#seq === position.seq + 1
    const place = complete ? undefined : this.#place
    const checkpoint = place ? this.#midway(place) : this.#done()
    return {
      pages,
      batch: {
        seq: this.#seq,
        rows,
        lines,
        columns: schema.columns,
        checkpoint: { ...(chunks.isUsed && { version: chunkedVersion }), ...checkpoint },
        rejects,
        retract: isFirst ? retract : [],
        ...((slices || chunks.isUsed) && { slices: [...states, ...chunks.take()] }),
        ...(slices?.forgets && isFirst && { forgetsSlices: true as const }),
        complete: !place,
        // What a listing lacks that was read in two parts it may have lost in between.
        whole: !place && !this.#refused && !position.checkpoint.open,
      },
    }
  }

  /** What can be committed though reading has failed, or was told to stop; undefined where that is nothing. */
  async salvage(failed: boolean): Promise<FilledBatch | undefined> {
    // An append stream that has to read the slice once more has nothing to take back then.
    const isUncommitted = this.#rules.slices?.appends === true && this.#reading?.runs.size === 0
    if (failed && isUncommitted) {
      this.#place = this.#sliceStart
      this.#reading = undefined
      await this.#part.lines[Symbol.asyncDispose]()
      this.#part = emptyBatch()
    }
    if (!this.#place || this.#batch.pages + this.#part.pages === 0) return undefined
    return this.close(false)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#batch.lines[Symbol.asyncDispose]()
    await this.#part.lines[Symbol.asyncDispose]()
  }

  #midway(place: ResumePoint): Checkpoint {
    const { open, schema, now, slices } = this.#rules
    const { runId, ...rest } = open
    this.#reading?.runs.add(runId)
    return {
      ...this.#kept(),
      ...this.#spelling(),
      open: {
        ...rest,
        place,
        ...(this.#reading?.open(now()) ?? { highest: null, began: now(), ...(slices?.appends && { marks: [] }) }),
        pages: this.#pagesRead,
        mark: this.#mark,
        ...(this.#ended.length > 0 && { ended: [...this.#ended] }),
        runs: this.#runsToTakeBack(),
        ...(this.#refused && { refused: true as const }),
      },
      names: schema.names,
    }
  }

  /** The runs whose rows go where what is being read has to be read again. */
  #runsToTakeBack(): readonly string[] {
    const runs = [...(this.#reading?.runs ?? [])]
    return runs.some((run) => this.#linked.has(run)) ? [...new Set([...runs, ...this.#linked])] : runs
  }

  /** What of a checkpoint a listing in progress leaves as it is. */
  #kept(): Checkpoint {
    const { done, seen, per, base } = this.#rules.position.checkpoint
    const linked = [...this.#linked]
    if (per) return { done: this.#reached, per, ...(base && { base }), ...(linked.length > 0 && { linked }) }
    return { done, ...(seen && { seen }) }
  }

  #spelling(): Pick<Checkpoint, 'cursor'> {
    const cursor = this.#rules.order?.saved
    return cursor ? { cursor } : {}
  }

  #done(): Checkpoint {
    const { movesCursor, slices, now, schema, chunks } = this.#rules
    const rest = { ...this.#spelling(), names: schema.names }
    if (!movesCursor) return { ...this.#kept(), ...rest }
    const progress = slices ? undefined : (this.#reading?.finish(now()) ?? this.#kept())
    chunks.sweep(chunksOf(slices?.cursors.all ?? [progress ?? {}]))
    return { ...(progress ?? { done: this.#reached, per: 'slice' as const }), ...rest }
  }
}
