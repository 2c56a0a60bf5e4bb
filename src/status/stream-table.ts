import { renderSpark } from './chart.ts'
import { clip, formatCount, formatRough, renderAgo } from './format.ts'
import { createHistory, type Attempt } from './health.ts'
import { type Markup, html } from './html.ts'
import { partSize } from './links.ts'
import type { ConnectorStatus } from './status-report.ts'
import type { StreamStatus } from './status-report.ts'
import { renderState, stateOfRun } from './state.ts'
import { renderWarningCount } from './warnings.ts'

/** The streams of a connector, those in trouble first; of many only a part. */
export function renderStreams(connector: ConnectorStatus, streams: readonly StreamStatus[], now: number): Markup {
  const { attempts } = createHistory(connector.runs)
  return html`<table class="streams">
    <thead>
      <tr>
        <th scope="col">Stream</th>
        <th scope="col">State</th>
        <th scope="col">Last success</th>
        <th scope="col" class="n">Rows</th>
        <th scope="col">Per run</th>
        <th scope="col" class="n">Retries</th>
        <th scope="col">Cursor</th>
      </tr>
    </thead>
    <tbody>
      ${streams.map((stream) => renderStream(stream, attempts(stream.stream), now))}
    </tbody>
  </table>`
}

const none = html`<span class="dim">none</span>`

function renderStream(stream: StreamStatus, attempts: readonly Attempt[], now: number): Markup {
  const last = attempts[0]?.record
  const bars = attempts
    .slice(0, 20)
    .map(({ record, run }) => ({ rows: record?.rows ?? 0, state: stateOfRun[record?.status ?? run.status] }))
  return html`<tr>
    <td><span class="name">${clip(stream.stream, 80)}</span></td>
    <td class="t">
      ${renderState(stream.state)}${stream.late_seconds !== undefined && html`<small>${formatRough(stream.late_seconds * 1000)} late</small>`}${renderWarningCount(stream)}
    </td>
    <td class="t" data-l="Last success">
      ${stream.last_success === undefined ? (attempts.length > 0 ? html`<span class="dim">not lately</span>` : none) : renderAgo(stream.last_success, now)}
    </td>
    <td class="n" data-l="Rows">${last ? formatCount(last.rows) : none}</td>
    <td data-l="Per run">${bars.length > 0 ? renderSpark(bars.toReversed()) : none}</td>
    <td class="n" data-l="Retries">${last ? formatCount(last.retries) : none}</td>
    <td class="c wide" data-l="Cursor">
      ${stream.cursor === null ? none : html`<code>${clip(String(stream.cursor), 48)}</code>`}${stream.open && html`<small>inside a listing</small>`}
    </td>
  </tr>`
}

/** The entries that part number `part`, from 1, shows. */
export function partOf<T>(list: readonly T[], part: number, size: number = partSize): readonly T[] {
  return list.slice((part - 1) * size, part * size)
}
