import { oneLine } from '../base/words/line.ts'
import { type Markup, html } from './html.ts'

const numbers = new Intl.NumberFormat('en')
const days = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' })

export const formatCount = (count: number): string => numbers.format(count)

/** `3 streams`, `1 stream` */
export const countOf = (count: number, noun: string): string => `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`

/** `21 Nov 2026, 14:03`, in UTC. */
export function formatMoment(time: string | number): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? String(time) : `${days.format(date)}, ${clock.format(date)}`
}

const steps = [
  [86_400_000, 'd', 3_600_000, 'h'],
  [3_600_000, 'h', 60_000, 'min'],
  [60_000, 'min', 1_000, 's'],
] as const

/** `420 ms`, `12 s`, `3 min 5 s`, `2 d 4 h` */
export function formatSpan(ms: number): string {
  if (!Number.isFinite(ms)) return ''
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  const step = steps.find(([large]) => ms >= large)
  if (!step) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`
  const [large, name, small, smallName] = step
  const rest = Math.floor((ms % large) / small)
  return `${Math.floor(ms / large)} ${name}${rest > 0 ? ` ${rest} ${smallName}` : ''}`
}

/** The largest unit only: `4 h`. */
export const formatRough = (ms: number): string => /^\S+ \S+/.exec(formatSpan(Math.max(1_000, ms)))?.[0] ?? ''

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

export function formatBytes(bytes: number): string {
  const power = bytes < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1_000 ** power
  return `${power === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[power]}`
}

/** How long ago, with the moment itself where a pointer rests. */
export function renderAgo(time: string, now: number): Markup {
  const ms = now - Date.parse(time)
  const words = Number.isNaN(ms) ? time : ms < 60_000 && ms > -60_000 ? 'just now' : inWords(ms)
  return html`<time datetime="${time}" title="${formatMoment(time)} UTC">${words}</time>`
}

const inWords = (ms: number): string => (ms > 0 ? `${formatRough(ms)} ago` : `in ${formatRough(-ms)}`)

/** One line of at most `width` columns. */
export const clip = (text: string, width: number): string => oneLine(text, width)
