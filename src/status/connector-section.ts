import { adviceFor } from './advice.ts'
import { renderChart } from './chart.ts'
import { baseOf } from './document.ts'
import { clip, countOf, formatSpan, renderAgo } from './format.ts'
import { type Content, type Markup, html } from './html.ts'
import { connectorHref } from './links.ts'
import type { PageOptions } from './page.ts'
import type { ConnectorStatus } from './status-report.ts'
import { renderRuns, totalOf } from './run-table.ts'
import { renderState, stateOfRun } from './state.ts'
import { renderStreams } from './stream-table.ts'

export interface SectionParts {
  /** Those to show, in order. */
  readonly streams: ConnectorStatus['streams']
  /** Below the table of streams. */
  readonly more?: Content
  /** How many runs to list. */
  readonly runs: number
  /** Whether the list of runs is unfolded. */
  readonly open?: boolean
}

/** A connector as a card: its state, rows per run, streams, schema changes and runs. */
export function renderConnector(connector: ConnectorStatus, parts: SectionParts, options: PageOptions): Markup {
  const { name, runs, error, busy } = connector
  const { streams, more } = parts
  const shown = runs.slice(0, parts.runs)
  const all =
    shown.length < runs.length && html`<p><a href="${connectorHref(name, options)}">All runs and streams</a></p>`
  return html`<section class="card" id="connector-${name}" aria-labelledby="name-${name}">
    ${renderHead(connector, options)} ${error && renderFailure(error)}
    ${!error && runs.length === 0 && html`<p class="dim">${busy ? 'Another process writes there now: look again in a moment.' : 'It has not run yet.'}</p>`}
    ${runs.length > 0 && renderRunChart(connector)}
    ${streams.length > 0 && renderStreams(connector, streams, options.now)} ${more} ${renderSchemaChanges(connector)}
    ${shown.length > 0 && renderFolded(connector, parts, options)} ${all}
  </section>`
}

function renderFolded(connector: ConnectorStatus, parts: SectionParts, options: PageOptions): Markup {
  const runs = connector.runs.slice(0, parts.runs)
  const open = parts.open === true && html`open`
  return html`<details ${open}>
    <summary>Last ${countOf(runs.length, 'run')}</summary>
    ${renderRuns({ ...connector, runs }, options)}
  </details>`
}

export function renderHead(connector: ConnectorStatus, options: PageOptions): Markup {
  const { name, destination, schedule, state, runs } = connector
  const title = html`<a id="name-${name}" href="${connectorHref(name, options)}">${clip(connector.connector, 80)}</a>`
  return html`<header>
    <div>
      <div class="title">
        <h2>${title}</h2>
        ${renderState(state)}
      </div>
      <p class="meta">
        ${destination !== undefined && html`<code>${clip(destination, 120)}</code>`}${schedule ? html`<span><code>${clip(schedule.cron, 60)}</code> ${clip(schedule.time_zone, 40)}${schedule.next !== undefined && html`, next ${renderAgo(schedule.next, options.now)}`}</span>` : html`<span>no schedule</span>`}${connector.expect && html`<span>expects ${countOf(connector.expect.min_rows, 'row')} in ${formatSpan(connector.expect.every)}</span>`}${connector.busy && runs.length > 0 && html`<span>being written now</span>`}
      </p>
    </div>
    ${renderRunNow(name, options)}
  </header>`
}

/** Where the viewer may: a form, so that it works without scripts, with the token that a foreign page cannot know. */
export function renderRunNow(name: string, options: PageOptions): Content {
  const { csrf, mayRun, standalone } = options
  const may = typeof mayRun === 'function' ? mayRun(name) : mayRun
  if (!may || csrf === undefined || standalone) return undefined
  return html`<form method="post" action="${baseOf(options)}/run/${encodeURIComponent(name.toWellFormed())}">
    <input type="hidden" name="csrf" value="${csrf}" /><button aria-label="Run now: ${name}">Run now</button>
  </form>`
}

/** An error, its own words, and what to do about it. */
export function renderFailure({ code, message }: { readonly code: string; readonly message: string }, length = 300) {
  const todo = adviceFor(code)
  return html`<p class="msg"><code class="code failed">${clip(code, 60)}</code> ${clip(message, length)}</p>
    ${todo !== undefined && html`<p class="todo"><b>What to do:</b> ${todo}</p>`}`
}

function renderRunChart({ runs }: ConnectorStatus): Markup {
  const shown = runs.slice(0, 20).toReversed()
  const bars = shown.map((run) => ({ rows: totalOf(run, 'rows'), state: stateOfRun[run.status] }))
  return renderChart(bars, { from: shown[0]?.started_at ?? '', until: shown.at(-1)?.started_at ?? '' })
}

const mostChanges = 12

function renderSchemaChanges({ runs }: ConnectorStatus): Content {
  const changes = runs.flatMap((run) =>
    run.streams.flatMap((stream) =>
      stream.schema_changes.map((change) => ({ at: run.finished_at, stream: stream.stream, change })),
    ),
  )
  if (changes.length === 0) return undefined
  const rest = changes.length - mostChanges
  return html`<details>
    <summary>${countOf(changes.length, 'schema change')}</summary>
    <ul class="list">
      ${changes.slice(0, mostChanges).map(({ at, stream, change }) => html`<li><span class="dim">${at.slice(0, 10)}</span> <span class="name">${clip(stream, 80)}</span> <code>${clip(change, 120)}</code></li>`)}
    </ul>
    ${rest > 0 && html`<p class="dim">And ${rest} more: see the pages of the runs.</p>`}
  </details>`
}
