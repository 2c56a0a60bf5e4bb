import type { RunRecord } from '../destinations/run-record.ts'
import { formatCount, formatMoment, formatSpan } from './format.ts'
import { durationOf } from './health.ts'
import { type Markup, html } from './html.ts'
import { runHref } from './links.ts'
import type { PageOptions } from './page.ts'
import type { ConnectorStatus } from './status-report.ts'
import { renderState, stateOfRun } from './state.ts'
import { costOf } from './warehouse.ts'
import { renderWarningTotal } from './warnings.ts'

/** The last runs, newest first, each with a link to its own page. */
export function renderRuns({ name, runs }: ConnectorStatus, options: PageOptions): Markup {
  const costs = runs.map(costOf)
  const priced = costs.some((cost) => cost !== undefined)
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Run (UTC)</th>
        <th scope="col">State</th>
        <th scope="col">Trigger</th>
        <th scope="col" class="n">Rows</th>
        <th scope="col" class="n">Duration</th>
        <th scope="col" class="n">Retries</th>
        ${priced && html`<th scope="col" class="n">Cost</th>`}
        <th scope="col">Errors</th>
      </tr>
    </thead>
    <tbody>
      ${runs.map(
        (run, at) =>
          html`<tr>
            <td class="t"><a href="${runHref(run.run_id, name, options)}">${formatMoment(run.started_at)}</a></td>
            <td class="t">
              ${renderState(stateOfRun[run.status], run.status.replace('_', ' '))}${renderWarningTotal(run)}
            </td>
            <td data-l="Trigger">${run.trigger}</td>
            <td class="n" data-l="Rows">${formatCount(totalOf(run, 'rows'))}</td>
            <td class="n" data-l="Duration">${formatSpan(durationOf(run))}</td>
            <td class="n" data-l="Retries">${formatCount(totalOf(run, 'retries'))}</td>
            ${priced && html`<td class="n" data-l="Cost">${costs[at]}</td>`}
            <td class="c wide">${codesOf(run)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`
}

/** The sum over the streams of a run. */
export const totalOf = (
  { streams }: RunRecord,
  what: 'rows' | 'rejected' | 'pages' | 'requests' | 'retries' | 'bytes',
) => streams.reduce((sum, stream) => sum + stream[what], 0)

function codesOf({ error, streams }: RunRecord): string {
  const codes = new Set([error, ...streams.map((stream) => stream.error)].flatMap((failure) => failure?.code ?? []))
  return [...codes].slice(0, 5).join(', ')
}
