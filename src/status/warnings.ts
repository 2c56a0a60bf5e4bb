import { clip, countOf } from './format.ts'
import type { RecordedWarning } from './status-report.ts'
import { type Content, type Markup, html } from './html.ts'
import { renderIcon } from './state.ts'

type Warned = { readonly warnings: readonly RecordedWarning[] }

/** The sign for a table's cell; nothing where there are no warnings. */
export const renderWarningCount = ({ warnings }: Warned): Content => renderCount(warnings.length)

/** The same for all streams of a run. */
export const renderWarningTotal = ({ streams }: { readonly streams: readonly Warned[] }): Content =>
  renderCount(streams.reduce((sum, { warnings }) => sum + warnings.length, 0))

const renderCount = (count: number): Content =>
  count > 0 && html`<small class="st warned">${renderIcon('warned')}${countOf(count, 'warning')}</small>`

/** The first of the warnings of one stream: code and sentence. */
export function renderWarnings(warnings: readonly RecordedWarning[], { most, length }: WarningLimits): Markup {
  const rest = warnings.length - most
  return html`${warnings.slice(0, most).map(({ code, message }) => html`<p class="msg"><code class="code warned">${clip(code, 60)}</code> ${clip(message, length)}</p>`)}
  ${rest > 0 && html`<p class="dim">And ${countOf(rest, 'more warning')}.</p>`}`
}

interface WarningLimits {
  readonly most: number
  /** Characters of each sentence. */
  readonly length: number
}
