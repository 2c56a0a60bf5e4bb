import type { State } from './status-report.ts'
import { type Markup, html, trustedMarkup } from './html.ts'
import type { RunStatus } from '../destinations/run-record.ts'

/** The name that a state goes by on the page and the terminal. */
export const stateNames: Readonly<Record<State, string>> = {
  failed: 'failed',
  late: 'late',
  empty: 'no rows',
  busy: 'being written',
  continues: 'to be continued',
  never: 'not run yet',
  ok: 'ok',
}

export const stateOfRun: Readonly<Record<RunStatus, State>> = {
  complete: 'ok',
  failed: 'failed',
  handed_over: 'continues',
}

/** A state by shape, text and colour. */
export const renderState = (state: State, text: string = stateNames[state]): Markup =>
  html`<span class="st ${state}">${renderIcon(state)}${text}</span>`

/** `warned`: well, but in doubt. */
export const renderIcon = (state: State | 'warned'): Markup =>
  html`<svg class="${state}" aria-hidden="true"><use href="#${state}" /></svg>`

/** One shape for each state, drawn once and referred to. */
export const stateShapes: Markup = trustedMarkup(`<svg class="defs" aria-hidden="true"><defs>
<symbol id="ok" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="currentColor"/><path class="cut" d="m4.8 8.3 2.2 2.2 4.2-4.8"/></symbol>
<symbol id="failed" viewBox="0 0 16 16"><path fill="currentColor" d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z"/><path class="cut" d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2"/></symbol>
<symbol id="late" viewBox="0 0 16 16"><path fill="currentColor" d="M8 1 15.6 15H.4z"/><path class="cut" d="M8 6v4.2m0 1.6v1.4"/></symbol>
<symbol id="empty" viewBox="0 0 16 16"><circle class="pen" cx="8" cy="8" r="6"/><path class="pen" d="m3.8 12.2 8.4-8.4"/></symbol>
<symbol id="busy" viewBox="0 0 16 16"><circle class="pen" cx="8" cy="8" r="6"/><path class="pen" d="M5 8h.1m2.9 0h.1m2.9 0h.1"/></symbol>
<symbol id="continues" viewBox="0 0 16 16"><circle class="pen" cx="8" cy="8" r="6"/><path fill="currentColor" d="M8 2a6 6 0 0 1 0 12z"/></symbol>
<symbol id="never" viewBox="0 0 16 16"><circle class="pen" cx="8" cy="8" r="6" stroke-dasharray="2.4 2.3"/></symbol>
<symbol id="warned" viewBox="0 0 16 16"><path class="pen" d="m8 1.2 6.8 6.8-6.8 6.8L1.2 8z"/><path class="pen" d="M8 4.8v3.7m0 1.4v1.4"/></symbol>
</defs></svg>`)
