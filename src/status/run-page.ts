import type { RunRecord, StreamRecord } from '../destinations/run-record.ts'
import { renderFailure } from './connector-section.ts'
import { createPage } from './document.ts'
import { clip, countOf, formatBytes, formatCount, formatMoment, formatSpan } from './format.ts'
import { durationOf } from './health.ts'
import { states } from './status-report.ts'
import { type Content, type Markup, html } from './html.ts'
import { connectorHref, partSize, runHref } from './links.ts'
import type { Page, PageOptions } from './page.ts'
import { renderParts } from './parts.ts'
import { totalOf } from './run-table.ts'
import { renderState, stateOfRun } from './state.ts'
import { partOf } from './stream-table.ts'
import { describeWarehouse } from './warehouse.ts'
import { renderWarningCount, renderWarnings } from './warnings.ts'

/** What one run did, stream by stream. `options.connector` is the name that links to its connector; the record's where absent. */
export function renderRunPage(run: RunRecord, options: PageOptions): Page {
  const { connector = run.connector, part = 1 } = options
  const title = `${clip(run.connector, 80)}, run of ${formatMoment(run.started_at)} UTC`
  const streams = run.streams.toSorted((a, b) => rankOf(a) - rankOf(b))
  const parts = renderParts({ of: streams.length, part, size: partSize, noun: 'streams' }, (other) => {
    return `${runHref(run.run_id, connector, options)}&part=${other}`
  })
  const main = html`<p class="crumb">
      <a href="${options.base ?? ''}/">All connectors</a> /
      <a href="${connectorHref(connector, options)}">${clip(run.connector, 80)}</a>
    </p>
    <h1>${title}</h1>
    <section class="card" aria-label="The run">
      ${renderRunSection(run, partOf(streams, part), options)}${parts}
    </section>`
  return createPage({ title: `${title} · headrace`, main }, options)
}

const rankOf = ({ status }: StreamRecord): number => states.indexOf(stateOfRun[status])

/** The figures of a run, and those of `streams` of it. */
export function renderRunSection(run: RunRecord, streams: readonly StreamRecord[], options: PageOptions): Markup {
  const { budget_seconds: budget } = run
  const facts: readonly (readonly [string, Content])[] = [
    ['State', renderState(stateOfRun[run.status], run.status.replace('_', ' '))],
    ['Started (UTC)', formatMoment(run.started_at)],
    ['Duration', `${formatSpan(durationOf(run))}${budget === null ? '' : ` of ${formatSpan(budget * 1000)}`}`],
    ['Trigger', run.trigger],
    ['Rows', formatCount(totalOf(run, 'rows'))],
    ['Requests', `${formatCount(totalOf(run, 'requests'))}, ${formatCount(totalOf(run, 'retries'))} of them retries`],
    ['Read', formatBytes(totalOf(run, 'bytes'))],
    ['Run', html`<code>${clip(run.run_id, 80)}</code>`],
    ...describeWarehouse(run),
  ]
  return html`<dl>
      ${facts.map(
        ([term, value]) =>
          html`<div>
            <dt>${term}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
    ${
      run.error &&
      html`<h2 class="sub">Why it could not run</h2>
        ${renderFailure(run.error, 2_000)}`
    }${renderErrors(streams)}${renderDoubts(streams)}${
      streams.length > 0 &&
      html`<h2 class="sub">Streams</h2>
        ${renderTable(streams)}`
    }${renderChanges(streams, options)}`
}

function renderTable(streams: readonly StreamRecord[]): Markup {
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Stream</th>
        <th scope="col">State</th>
        <th scope="col" class="n">Rows</th>
        <th scope="col" class="n">Rejected</th>
        <th scope="col" class="n">Pages</th>
        <th scope="col" class="n">Requests</th>
        <th scope="col" class="n">Retries</th>
        <th scope="col" class="n">Read</th>
        <th scope="col">Cursor</th>
      </tr>
    </thead>
    <tbody>
      ${streams.map(
        (stream) =>
          html`<tr>
            <td><span class="name">${clip(stream.stream, 80)}</span></td>
            <td class="t">
              ${renderState(stateOfRun[stream.status], stream.status.replace('_', ' '))}${renderWarningCount(stream)}
            </td>
            <td class="n" data-l="Rows">${formatCount(stream.rows)}</td>
            <td class="n" data-l="Rejected">${formatCount(stream.rejected)}</td>
            <td class="n" data-l="Pages">${formatCount(stream.pages)}</td>
            <td class="n" data-l="Requests">${formatCount(stream.requests)}</td>
            <td class="n" data-l="Retries">${formatCount(stream.retries)}</td>
            <td class="n" data-l="Read">${formatBytes(stream.bytes)}</td>
            <td class="c wide" data-l="Cursor">${renderCursor(stream)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`
}

function renderCursor({ cursor: { from, to } }: StreamRecord): Content {
  if (to === null) return undefined
  if (from === null || from === to) return html`<code>${clip(String(to), 40)}</code>`
  return html`<code>${clip(String(from), 40)}</code> to <code>${clip(String(to), 40)}</code>`
}

const errorsAtOnce = 20

function renderErrors(streams: readonly StreamRecord[]): Content {
  const failed = streams.filter(({ error }) => error)
  if (failed.length === 0) return undefined
  const rest = failed.length - errorsAtOnce
  return html`<h2 class="sub">
      ${failed.length === 1 ? 'The stream that failed' : `The ${failed.length} streams that failed`}
    </h2>
    <ul class="list">
      ${failed
        .slice(0, errorsAtOnce)
        .map(
          ({ stream, error }) =>
            html`<li>
              <span class="name">${clip(stream, 80)}</span
              >${error && renderFailure(error, failed.length > 5 ? 300 : 2_000)}
            </li>`,
        )}
    </ul>
    ${rest > 0 && html`<p class="dim">And ${rest} more.</p>`}`
}

/** What the run left in doubt, stream by stream. */
function renderDoubts(streams: readonly StreamRecord[]): Content {
  const warned = streams.filter(({ warnings }) => warnings.length > 0)
  if (warned.length === 0) return undefined
  const rest = warned.length - errorsAtOnce
  const few = warned.length <= 5
  return html`<h2 class="sub">Warnings</h2>
    <ul class="list">
      ${warned.slice(0, errorsAtOnce).map(({ stream, warnings }) => html`<li><span class="name">${clip(stream, 80)}</span>${renderWarnings(warnings, { most: few ? 21 : 2, length: few ? 2_000 : 300 })}</li>`)}
    </ul>
    ${rest > 0 && html`<p class="dim">And ${countOf(rest, 'more stream')} with warnings.</p>`}`
}

const changesAtOnce = 60

function renderChanges(streams: readonly StreamRecord[], { standalone }: PageOptions): Content {
  const changes = streams.flatMap((stream) =>
    stream.schema_changes.map((change) => ({ stream: stream.stream, change })),
  )
  if (changes.length === 0) return undefined
  const shown = standalone ? changes : changes.slice(0, changesAtOnce)
  const rest = changes.length - shown.length
  return html`<h2 class="sub">${countOf(changes.length, 'schema change')}</h2>
    <ul class="list">
      ${shown.map(({ stream, change }) => html`<li><span class="name">${clip(stream, 80)}</span> <code>${clip(change, 200)}</code></li>`)}
    </ul>
    ${rest > 0 && html`<p class="dim">And ${rest} more.</p>`}`
}
