import type { AuthDeps } from '../auth/auth.ts'
import { SyncError } from '../base/errors.ts'
import { consentMs } from './consent.ts'
import { type Listener, startListener } from './listener.ts'
import type { CallbackError, Outcome } from './outcome-page.ts'
import { type ReadLine, readPastedAnswer } from './paste.ts'
import type { RedirectTarget } from './redirect-target.ts'
import type { Connection } from './token-grant.ts'

/** A request for consent that waits for its answer. */
export interface PendingConsent {
  /** What the browser is sent to. */
  readonly url: string
  readonly isAnswer: (query: URLSearchParams) => boolean
  /** Trades the answer for tokens and saves them. */
  readonly finish: (query: URLSearchParams) => Promise<Connection>
}

/** How the answer comes back. */
export interface Callback {
  readonly kind: RedirectTarget['kind']
  readonly redirectUrl: string
  /** Whether the provider must know this very address. */
  readonly registered: boolean
}

/** How a person is spoken to. */
export interface ConnectUi {
  /** Shows the address to open, and opens it where that was asked for. */
  readonly showUrl: (url: string, back: Callback) => void
  readonly note: (text: string) => void
  readonly readLine: ReadLine
}

export interface BrowserConsent {
  /** The provider, for people. */
  readonly label: string
  readonly connector: string
  readonly place: RedirectTarget
  readonly begin: (redirectUrl: string) => Promise<PendingConsent>
}

type Deps = Pick<AuthDeps, 'now' | 'sleep' | 'random' | 'signal'>

/** Sends a person to the provider and waits for the way back: ten minutes, one answer. Throws what `finish` throws, and `INTERRUPTED`. */
export async function askInBrowser(consent: BrowserConsent, ui: ConnectUi, deps: Deps): Promise<Connection> {
  const { place } = consent
  if (place.kind === 'paste') return askForPaste(consent, place, { ui, deps })
  await using listener = await startListener({ ...place, effects: deps, onMisfit: (misfit) => noteMisfit(misfit, ui) })
  const pending = await consent.begin(listener.redirectUrl)
  const { kind, registered } = place
  ui.showUrl(pending.url, { kind, registered, redirectUrl: listener.redirectUrl })
  try {
    const query = await withinTime((signal) => listener.receive(pending.isAnswer, signal), deps)
    const connection = await pending.finish(query)
    await listener.show({ kind: 'connected', label: consent.label, connector: consent.connector })
    return connection
  } catch (thrown) {
    await showFailure(listener, thrown, consent.label)
    throw thrown
  }
}

async function askForPaste(
  { begin }: BrowserConsent,
  place: RedirectTarget & { readonly kind: 'paste' },
  { ui, deps }: { readonly ui: ConnectUi; readonly deps: Deps },
): Promise<Connection> {
  const { redirectUrl } = place
  const pending = await begin(redirectUrl)
  ui.showUrl(pending.url, place)
  const { isAnswer } = pending
  const query = await withinTime(
    (signal) => readPastedAnswer({ redirectUrl, isAnswer, readLine: ui.readLine, tell: ui.note, signal }),
    deps,
  )
  return pending.finish(query)
}

/** Runs `wait` until it is answered, ten minutes are over, or the person leaves. */
export async function withinTime<Result>(wait: (signal: AbortSignal) => Promise<Result>, deps: Deps): Promise<Result> {
  const late = new AbortController()
  const answered = new AbortController()
  const clock = deps.sleep(consentMs, answered.signal).then(
    () => late.abort(),
    () => undefined,
  )
  try {
    return await wait(AbortSignal.any([deps.signal, late.signal]))
  } catch (thrown) {
    if (deps.signal.aborted)
      throw new SyncError('INTERRUPTED', 'The sign-in was left before it was done; nothing was saved.', {
        cause: thrown,
      })
    if (late.signal.aborted)
      throw new SyncError(
        'AUTH_FAILED',
        'The sign-in was not finished within ten minutes, and nothing was saved; run the command again.',
        { cause: thrown },
      )
    throw thrown
  } finally {
    answered.abort()
    await clock
  }
}

async function showFailure(listener: Listener, thrown: unknown, label: string): Promise<void> {
  const denied = thrown instanceof SyncError && thrown.details['error'] === 'access_denied'
  const outcome: Outcome = { kind: denied ? 'denied' : 'failed', label }
  await listener.show(outcome)
}

function noteMisfit(misfit: CallbackError, ui: ConnectUi): void {
  if (misfit === 'wrong_state') ui.note('An answer that belongs to another sign-in came back, and was not used.')
}
