import { isLoopback } from '../syntax/loopback.ts'
import { SyncError } from '../base/errors.ts'
import type { Redactor } from '../secrets/redactor.ts'
import { type SecretRef, parseSecretRef } from '../secrets/ref.ts'
import { resolveSecrets } from '../secrets/resolve.ts'
import { Secret } from '../secrets/secret.ts'
import type { SecretStore } from '../secrets/store.ts'

/** Where alerts go: the URL may hold a credential, so it is never printed. */
export type Target =
  | { readonly type: 'webhook'; readonly url: URL }
  | { readonly type: 'mail'; readonly url: URL; readonly from: string; readonly to: readonly string[] }

export interface TargetDeps {
  readonly store: SecretStore
  readonly redactor: Redactor
  readonly signal: AbortSignal
}

/**
 * Reads `HEADRACE_ALERTS` and the connector's `alerts`: URLs (https, or smtp and smtps with `from` and `to`) and references to
 * secrets that hold such, blanks or commas between. Throws `CONFIG_INVALID` and `SECRET_*`.
 */
export async function readTargets(
  text: string,
  refs: readonly SecretRef[],
  deps: TargetDeps,
): Promise<readonly Target[]> {
  const entries = [...splitList(text).map((entry) => parseSecretRef(entry) ?? entry), ...refs]
  const uses = entries.flatMap((entry) => (typeof entry === 'string' ? [] : [{ ref: entry, where: 'alerts' }]))
  const secret = await resolveSecrets(uses, deps.store, deps)
  const urls = entries.flatMap((entry) => splitList(secret(entry).reveal()))
  return [...new Set(urls)].map((url) => {
    deps.redactor.add(new Secret(url))
    return readTarget(url)
  })
}

/** A comma separates only where an entry follows: the addresses of a mail have commas between them too. */
function splitList(text: string): readonly string[] {
  return text
    .split(/\s+|,(?=(?:https?|smtps?):\/\/|(?:secret|env|file):)/)
    .map((entry) => entry.replace(/,$/, ''))
    .filter((entry) => entry !== '')
}

function readTarget(text: string): Target {
  const url = URL.parse(text)
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url))) return { type: 'webhook', url }
  if (url?.protocol === 'http:') throw invalid('names a webhook by http: only https keeps its address secret')
  if (url?.protocol === 'smtp:' || url?.protocol === 'smtps:') {
    const from = url.searchParams.get('from')
    const to = url.searchParams.getAll('to').flatMap((list) => list.split(','))
    if (!from || to.length === 0) throw invalid('names a mail server without ?from=ADDRESS&to=ADDRESS')
    url.search = ''
    return { type: 'mail', url, from, to }
  }
  throw invalid('has an entry that is no URL: expected https://..., smtps://..., secret:NAME, env:NAME or file:PATH')
}

const invalid = (what: string): SyncError => new SyncError('CONFIG_INVALID', `HEADRACE_ALERTS ${what}.`)
