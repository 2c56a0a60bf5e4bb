import { renderConnector, renderFailure, renderHead } from './connector-section.ts'
import { createPage } from './document.ts'
import { clip, countOf, formatCount, formatRough, renderAgo } from './format.ts'
import { type State } from './status-report.ts'
import { states } from './status-report.ts'
import { type Content, type Markup, html, toText } from './html.ts'
import { connectorHref, partSize, runHref } from './links.ts'
import type { Page, PageOptions } from './page.ts'
import { renderParts } from './parts.ts'
import type { StatusReport } from './status-report.ts'
import type { ConnectorStatus } from './status-report.ts'
import type { StreamStatus } from './status-report.ts'
import { renderRunSection } from './run-page.ts'
import { renderIcon, renderState, stateNames } from './state.ts'
import { partOf } from './stream-table.ts'
import { renderWarnings } from './warnings.ts'

/** An overview shows the streams themselves where there are no more than this. */
const fewStreams = 60
const connectorsAtOnce = 50
/** Characters of connectors in full, so that the whole page stays below 100 kB. */
const fullSize = 60_000
const troublesAtOnce = 20
const inTrouble: readonly State[] = ['failed', 'late', 'empty']

/** All connectors, or with `options.connector` one of them with all its streams. Pure: it shows what the report says. */
export function renderStatusPage(report: StatusReport, options: PageOptions): Page {
  const { connectors } = report
  const [only] = connectors
  if (options.connector !== undefined && only) return renderConnectorPage(only, options)
  const streams = connectors.flatMap((connector) => connector.streams)
  const { title, about } = summarize(connectors, streams)
  const main = html`<h1>${title}</h1>
    ${connectors.length === 0 ? renderNothing() : html`${about}${renderTroubles(connectors, options)}${renderConnectors(connectors, streams.length, options)}`}`
  return createPage({ title: `${title} · headrace`, main }, options)
}

function renderConnectorPage(connector: ConnectorStatus, options: PageOptions): Page {
  const part = options.part ?? 1
  const streams = worstFirst(connector.streams)
  const main = html`<p class="crumb"><a href="${options.base ?? ''}/">All connectors</a></p>
    <h1>${clip(connector.connector, 80)}</h1>
    ${renderTroubles([connector], options)}${renderConnector(
      connector,
      {
        runs: 20,
        open: true,
        streams: partOf(streams, part),
        more: renderParts({ of: streams.length, part, size: partSize, noun: 'streams' }, (other) =>
          connectorHref(connector.name, options, other),
        ),
      },
      options,
    )}`
  return createPage({ title: `${clip(connector.connector, 80)} · headrace`, main }, options)
}

function summarize(connectors: readonly ConnectorStatus[], streams: readonly StreamStatus[]) {
  const counts = new Map<State, number>()
  for (const { state } of streams) counts.set(state, (counts.get(state) ?? 0) + 1)
  const broken = connectors.filter(({ error, runs }) => error ?? runs[0]?.error).length
  const troubled = inTrouble.reduce((sum, state) => sum + (counts.get(state) ?? 0), 0)
  const busy = counts.get('busy') ?? 0
  const warned = streams.filter(({ warnings }) => warnings.length > 0).length
  const title =
    connectors.length === 0
      ? 'No connectors yet'
      : troubled > 0
        ? `${formatCount(troubled)} of ${countOf(streams.length, 'stream')} ${troubled === 1 ? 'needs' : 'need'} attention`
        : broken > 0
          ? `${countOf(broken, 'connector')} ${broken === 1 ? 'needs' : 'need'} attention`
          : busy > 0
            ? `${formatCount(busy)} of ${countOf(streams.length, 'stream')} ${busy === 1 ? 'is' : 'are'} being written`
            : streams.length === (counts.get('never') ?? 0)
              ? 'Nothing has run yet'
              : warned > 0
                ? `${formatCount(warned)} of ${countOf(streams.length, 'stream')} ${warned === 1 ? 'has' : 'have'} warnings`
                : 'All streams are well'
  const about = html`<ul class="tally" aria-label="Streams by state">
    ${states.map((state) => counts.has(state) && html`<li>${renderState(state, `${formatCount(counts.get(state) ?? 0)} ${stateNames[state]}`)}</li>`)}
    ${warned > 0 && html`<li><span class="st warned">${renderIcon('warned')}${formatCount(warned)} with warnings</span></li>`}
    <li class="dim">${countOf(connectors.length, 'connector')}, ${countOf(streams.length, 'stream')}</li>
  </ul>`
  return { title, about }
}

interface Trouble {
  readonly connector: ConnectorStatus
  readonly stream?: StreamStatus
}

function renderTroubles(connectors: readonly ConnectorStatus[], options: PageOptions): Content {
  const troubles = connectors.flatMap((connector): Trouble[] => {
    const streams = worstFirst(connector.streams).filter((stream) => isTroubled(stream) || stream.warnings.length > 0)
    // What keeps the whole connector from running is said once.
    const whole = connector.error ?? connector.runs[0]?.error
    return whole ? [{ connector }] : streams.map((stream) => ({ connector, stream }))
  })
  if (troubles.length === 0) return undefined
  const rest = troubles.length - troublesAtOnce
  const mild = troubles.every(({ stream }) => stream && !isTroubled(stream)) && ' mild'
  return html`<section class="card trouble${mild}" aria-labelledby="troubles">
    <h2 id="troubles">Needs attention</h2>
    <ul>
      ${troubles
        .toSorted((a, b) => rankOf(a) - rankOf(b))
        .slice(0, options.standalone ? Infinity : troublesAtOnce)
        .map((trouble) => renderTrouble(trouble, options))}
    </ul>
    ${rest > 0 && !options.standalone && html`<p class="dim">And ${countOf(rest, 'more stream')}: see the connectors below.</p>`}
  </section>`
}

const isTroubled = ({ state }: StreamStatus): boolean => inTrouble.includes(state)

/** Warnings come after all that has failed. */
const rankOf = ({ stream }: Trouble): number =>
  !stream ? -1 : isTroubled(stream) ? states.indexOf(stream.state) : states.length

function renderTrouble({ connector, stream }: Trouble, options: PageOptions): Markup {
  const state = stream?.state ?? 'failed'
  const mild = stream !== undefined && !isTroubled(stream)
  const error = stream ? stream.error : (connector.error ?? connector.runs[0]?.error)
  const failing = connector.runs.find((run) =>
    mild
      ? run.streams.some((one) => one.stream === stream.stream)
      : (run.error ?? run.streams.some((one) => one.stream === stream?.stream && one.error)),
  )
  const since = stream && describeSince(stream, options.now)
  return html`<li>
    <p class="title">
      ${mild ? html`<span class="st warned">${renderIcon('warned')}${countOf(stream.warnings.length, 'warning')}</span>` : renderState(state)}<a
        href="${connectorHref(connector.name, options)}"
        ><span class="name">${clip(connector.connector, 80)}${stream && ` / ${clip(stream.stream, 80)}`}</span></a
      ><span class="dim"
        >${since}${since && failing && '; '}${failing && html`<a href="${runHref(failing.run_id, connector.name, options)}">the run</a>`}</span
      >
    </p>
    ${mild ? undefined : error ? renderFailure(error) : describeSilence(state, connector)}${stream && renderWarnings(stream.warnings, { most: 2, length: 300 })}
  </li>`
}

function describeSince({ failing_since: failing, late_seconds: late }: StreamStatus, now: number): Content {
  if (failing !== undefined) return html`first failed ${renderAgo(failing, now)}`
  return late !== undefined && `${formatRough(late * 1000)} late`
}

function describeSilence(state: State, { expect, schedule }: ConnectorStatus): Markup {
  return state === 'empty'
    ? html`<p>
          It ran, but brought fewer than ${countOf(expect?.min_rows ?? 1, 'row')} in the time that
          <code>expect</code> gives it.
        </p>
        <p class="todo">
          <b>What to do:</b> see with the provider whether there is new data, and with
          <code>headrace preview</code> whether rows still arrive.
        </p>`
    : html`<p>
          No run has succeeded since ${schedule ? 'the schedule wanted one' : html`<code>expect</code> wanted one`}.
        </p>
        <p class="todo">
          <b>What to do:</b> see whether the scheduler still calls (its log, its permission to call), or run it now.
        </p>`
}

function renderConnectors(connectors: readonly ConnectorStatus[], streams: number, options: PageOptions): Markup {
  const sorted = connectors.toSorted((a, b) => states.indexOf(a.state) - states.indexOf(b.state))
  if (options.standalone) return html`${sorted.map((connector) => renderWhole(connector, options))}`
  if (streams > fewStreams) return renderList(sorted, options)
  const full = html`${sorted.map((connector) => renderConnector(connector, { streams: worstFirst(connector.streams), runs: 6 }, options))}`
  return toText(full).length <= fullSize ? full : renderList(sorted, options)
}

/** A line or two for each connector, its streams counted. */
function renderList(sorted: readonly ConnectorStatus[], options: PageOptions): Markup {
  const part = options.part ?? 1
  return html`<section aria-label="Connectors">
      ${partOf(sorted, part, connectorsAtOnce).map((connector) => renderBrief(connector, options))}
    </section>
    ${renderParts({ of: sorted.length, part, size: connectorsAtOnce, noun: 'connectors' }, (other) => `${options.base ?? ''}/?part=${other}`)}`
}

function renderBrief(connector: ConnectorStatus, options: PageOptions): Markup {
  const [last] = connector.runs
  return html`<section class="card" aria-labelledby="name-${connector.name}">
    ${renderHead(connector, options)}
    <p>
      ${countStates(connector)}
      ${last && html`<span class="dim">last run ${renderAgo(last.started_at, options.now)}</span>`}
    </p>
  </section>`
}

/** In a file: everything, what is long folded away. */
function renderWhole(connector: ConnectorStatus, options: PageOptions): Markup {
  const streams = worstFirst(connector.streams)
  return html`${renderConnector(connector, { streams, runs: Infinity }, options)}${connector.runs.map(
    (run) =>
      html`<details class="card" id="run-${encodeURIComponent(run.run_id.toWellFormed())}">
        <summary>${clip(connector.connector, 80)}, run of ${run.started_at.slice(0, 19).replace('T', ' ')}</summary>
        ${renderRunSection(run, run.streams, options)}
      </details>`,
  )}`
}

function countStates({ streams }: ConnectorStatus): Content {
  return states.map((state) => {
    const count = streams.filter((stream) => stream.state === state).length
    return count > 0 && html`${renderState(state, `${formatCount(count)} ${stateNames[state]}`)} `
  })
}

function renderNothing(): Markup {
  return html`<section class="card none">
    ${renderIcon('never')}
    <p>Here you will see how each connector and each of its streams is doing.</p>
    <p>Begin with <code>headrace init acme</code>, deploy the file that it writes, and run it.</p>
  </section>`
}

const worstFirst = (streams: readonly StreamStatus[]): readonly StreamStatus[] =>
  streams.toSorted((a, b) => states.indexOf(a.state) - states.indexOf(b.state))
