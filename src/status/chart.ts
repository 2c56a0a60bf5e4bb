import type { State } from './status-report.ts'
import { countOf, formatCount, formatMoment } from './format.ts'
import { type Markup, html } from './html.ts'

/** One run in a chart. */
export interface Bar {
  readonly rows: number
  readonly state: State
}

const step = 10
const wide = 7

/** Rows per run, oldest first, as bars; a failed run is crossed out below the line, one that goes on is a hollow bar. */
export function renderChart(bars: readonly Bar[], about: { readonly from: string; readonly until: string }): Markup {
  const most = Math.max(1, ...bars.map(({ rows }) => rows))
  const total = bars.reduce((sum, { rows }) => sum + rows, 0)
  const failed = bars.filter(({ state }) => state === 'failed').length
  const label = `Rows per run: ${countOf(bars.length, 'run')} from ${formatMoment(about.from)} to ${formatMoment(about.until)} UTC, ${countOf(total, 'row')} in all, at most ${formatCount(most)} in a run, ${failed} failed.`
  return html`<figure class="chart">
    <svg role="img" aria-label="${label}" viewBox="0 0 ${bars.length * step} 46">
      <path class="axis" d="M0 36.5h${bars.length * step}" />
      <path class="bars" d="${draw(bars, most, 'ok')}" />
      <path class="hollow" d="${draw(bars, most, 'continues')}" />
      <path class="cross" d="${crosses(bars)}" />
    </svg>
    <figcaption>
      <span>${formatMoment(about.from)}</span><span>peak ${countOf(most, 'row')}</span
      ><span>${formatMoment(about.until)} <abbr title="Coordinated Universal Time">UTC</abbr></span>
    </figcaption>
  </figure>`
}

/** The same without words, for a row of a table. */
export function renderSpark(bars: readonly Bar[]): Markup {
  const most = Math.max(1, ...bars.map(({ rows }) => rows))
  const path = bars
    .map(({ rows, state }, at) =>
      state === 'failed' ? `M${at * 4} 15h3v3h-3z` : `M${at * 4} 16v-${height(rows, most, 15)}h3V16z`,
    )
    .join('')
  return html`<svg
    class="spark"
    preserveAspectRatio="xMinYMid"
    aria-hidden="true"
    viewBox="0 0 ${Math.max(1, bars.length) * 4} 18"
  >
    <path d="${path}" />
  </svg>`
}

function draw(bars: readonly Bar[], most: number, kind: 'ok' | 'continues'): string {
  return bars
    .map(({ rows, state }, at) => {
      if ((state === 'continues') !== (kind === 'continues') || (state === 'failed' && rows === 0)) return ''
      return `M${at * step + 1} 36v-${height(rows, most, 35)}h${wide}V36z`
    })
    .join('')
}

const crosses = (bars: readonly Bar[]): string =>
  bars.map(({ state }, at) => (state === 'failed' ? `M${at * step + 1} 40l6 5m0-5l-6 5` : '')).join('')

/** A run without rows leaves a trace too. */
const height = (rows: number, most: number, full: number): number =>
  rows === 0 ? 1 : Math.max(2, Math.round((rows / most) * full * 10) / 10)
