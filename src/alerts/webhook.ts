import type { Dispatcher } from 'undici'
import { request } from 'undici'
import type { Effects } from '../effects.ts'
import { SyncError } from '../errors.ts'
import { type Alert, titleOf } from './message.ts'

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
function bodyFor(alert: Alert, { hostname }: URL): object {
  const isAt = (...hosts: string[]): boolean => hosts.some((host) => hostname === host || hostname.endsWith(`.${host}`))
  if (isAt('hooks.slack.com', 'chat.googleapis.com')) return { text: `${titleOf(alert)}\n${alert.text}` }
  if (isAt('discord.com')) return { content: `${titleOf(alert)}\n${alert.text}`.slice(0, 2_000) }
  if (isAt('webhook.office.com', 'logic.azure.com', 'api.powerplatform.com')) return adaptiveCard(alert)
  return alert
}

/** What a workflow of Microsoft Teams posts into a channel. */
const adaptiveCard = (alert: Alert): object => ({
  type: 'message',
  attachments: [
    {
      contentType: 'application/vnd.microsoft.card.adaptive',
      content: {
        $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
        type: 'AdaptiveCard',
        version: '1.4',
        body: [
          { type: 'TextBlock', text: titleOf(alert), weight: 'Bolder', wrap: true },
          ...alert.text.split('\n').map((text) => ({ type: 'TextBlock', text, wrap: true })),
        ],
      },
    },
  ],
})
