import type { Progress } from '../run/progress.ts'
import { cut, oneLine } from '../base/words/line.ts'
import type { Terminal } from './terminal.ts'

/** Shows on standard error how a run gets on. */
export interface ProgressView extends Disposable {
  update(progress: Progress): void
  /** Writes a line that stays, above the live ones. */
  note(line: string): void
}

export interface ProgressOptions {
  readonly terminal: Terminal
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** How a stream stood when it was first heard of, and how it stands. */
interface Entry {
  readonly since: number
  latest: Progress
}

const redrawMs = 100
const plainMs = 10_000
/** Shorter waits come and go between two pages. */
const waitMs = 1_000

/** One line a stream, redrawn in place; for a terminal. */
export function createLiveProgress({ terminal, now }: ProgressOptions): ProgressView {
  const entries = new Map<string, Entry>()
  let drawn = 0
  const timer = setInterval(draw, redrawMs).unref()

  function show(text: string): void {
    if (text !== '' || drawn > 0) terminal.note(text, drawn)
    drawn = 0
  }
  function draw(): void {
    const { columns, rows } = terminal.size()
    // Of more streams than the window holds, those that came last are the ones at work.
    const shown = [...entries.values()].slice(-Math.max(1, rows - 2))
    // One column stays free: a full line would wrap on some terminals and then be two.
    const lines = shown.map((entry) =>
      cut(describeLive(entry, now(), Math.max(8, Math.floor(columns / 3))), columns - 1),
    )
    show(lines.map((line) => `${line}\n`).join(''))
    drawn = lines.length
  }
  return {
    update(progress) {
      const entry = entries.get(progress.stream)
      if (entry) entry.latest = progress
      else entries.set(progress.stream, { since: now(), latest: progress })
    },
    note(line) {
      show(line)
      draw()
    },
    [Symbol.dispose]() {
      clearInterval(timer)
      show('')
      entries.clear()
    },
  }
}

/** A line now and then; for a file or a pipe. */
export function createPlainProgress({ terminal, now }: ProgressOptions): ProgressView {
  const entries = new Map<string, Entry & { told: number; waiting: number }>()
  return {
    update(progress) {
      const { stream, waitingUntil = 0 } = progress
      const entry = entries.get(stream) ?? { since: now(), latest: progress, told: now(), waiting: 0 }
      entries.set(stream, entry)
      entry.latest = progress
      const waits = waitingUntil - now() > waitMs * 5 && waitingUntil !== entry.waiting
      if (!waits && now() - entry.told < plainMs) return
      entry.told = now()
      entry.waiting = waitingUntil
      terminal.note(`${describeLive(entry, now())}\n`)
    },
    note: (line) => terminal.note(line),
    [Symbol.dispose]: () => undefined,
  }
}

export function createSilentProgress({ terminal }: Pick<ProgressOptions, 'terminal'>): ProgressView {
  return { update: () => undefined, note: (line) => terminal.note(line), [Symbol.dispose]: () => undefined }
}

/** `orders  12,400 rows  31 pages  4,100 rows/s  2 retries  waiting 3 s` */
function describeLive({ since, latest }: Entry, now: number, nameWidth = Infinity): string {
  const { stream, read, pages, requests, retries, waitingUntil = 0 } = latest
  const seconds = (now - since) / 1000
  const wait = waitingUntil - now
  const parts = [
    oneLine(stream, nameWidth),
    count(read, 'row'),
    // Pages are counted when they are committed, rows when they are read: a page was asked for once, or tried again.
    count(Math.max(pages, requests - retries), 'page'),
    ...(seconds >= 0.5 && read > 0 ? [`${formatNumber(Math.round(read / seconds))} rows/s`] : []),
    ...(retries > 0 ? [count(retries, 'retry', 'retries')] : []),
    ...(wait > waitMs ? [`waiting ${formatNumber(Math.ceil(wait / 1000))} s for the API's rate limit or a retry`] : []),
  ]
  return parts.join('  ')
}

export function count(amount: number, one: string, many = `${one}s`): string {
  return `${formatNumber(amount)} ${amount === 1 ? one : many}`
}

/** 12,400 in any locale: what scripts and screenshots see does not depend on the machine. */
export const formatNumber = (amount: number): string => amount.toLocaleString('en')
