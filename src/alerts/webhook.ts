import type { Dispatcher } from 'undici'
import { request } from 'undici'
import type { Effects } from '../base/effects.ts'
import { SyncError } from '../base/errors.ts'
import { forDiscord, forGoogleChat, forSlack, forTeams } from '../base/words/chats.ts'
import { type Alert, noticeOf } from './message.ts'

export interface WebhookDeps {
  readonly dispatcher: Dispatcher
  readonly effects: Effects
  readonly signal: AbortSignal
}

const attempts = 3

/** Posts the alert; a broken connection, 429 and 5xx are tried again. Throws `API_REFUSED` or `API_UNAVAILABLE`, without the URL. */
export async function postAlert(alert: Alert, url: URL, { dispatcher, effects, signal }: WebhookDeps): Promise<void> {
  const body = JSON.stringify(bodyFor(alert, url))
  for (let attempt = 1; ; attempt++) {
    const status = await post(url, body, { dispatcher, signal })
    if (status >= 200 && status < 300) return
    const passing = status === 0 || status === 429 || status >= 500
    if (!passing || attempt === attempts) {
      const what = status === 0 ? 'cannot be reached' : `answered ${status}`
      throw new SyncError(passing ? 'API_UNAVAILABLE' : 'API_REFUSED', `The webhook at ${url.host} ${what}.`)
    }
    await effects.sleep(500 * 2 ** attempt, signal)
  }
}

/** The status, or 0 where there was no answer. */
async function post(url: URL, body: string, { dispatcher, signal }: Pick<WebhookDeps, 'dispatcher' | 'signal'>) {
  try {
    const answer = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'headrace' },
      body,
      dispatcher,
      signal,
      headersTimeout: 10_000,
      bodyTimeout: 10_000,
    })
    await answer.body.dump()
    return answer.statusCode
  } catch (thrown) {
    if (signal.aborted) throw thrown
    return 0
  }
}

/** Chats take only what they know; everything else gets the whole alert. */
export function bodyFor(alert: Alert, { hostname }: URL): object {
  const isAt = (...hosts: string[]): boolean => hosts.some((host) => hostname === host || hostname.endsWith(`.${host}`))
  const notice = noticeOf(alert)
  if (isAt('hooks.slack.com')) return forSlack(notice)
  if (isAt('chat.googleapis.com')) return forGoogleChat(notice)
  if (isAt('discord.com', 'discordapp.com')) return forDiscord(notice)
  if (isAt('webhook.office.com', 'logic.azure.com', 'api.powerplatform.com')) return forTeams(notice)
  return alert
}
