import { cut, oneLine } from './line.ts'

/** What a message says: a title, lines below it, and where to read on; all of it plain text. */
export interface Notice {
  readonly title: string
  readonly lines: readonly string[]
  readonly url?: string
}

const widestTitle = 200
const widestLine = 1_000

/** The notice in at most `most` characters, no line of it forged; `escape` is what the medium needs for plain text to stay plain. */
function textOf({ title, lines, url }: Notice, most: number, escape: (text: string) => string): string {
  const end = url === undefined ? '' : `\n${url}`
  const kept: string[] = []
  let room = most - end.length - 2
  for (const line of [oneLine(title, widestTitle), ...lines.map((one) => oneLine(one, widestLine))]) {
    const fitting = fit(line, room, escape)
    if (fitting === undefined) return `${kept.join('\n')}\n…${end}`
    room -= fitting.length + 1
    kept.push(fitting)
  }
  return `${kept.join('\n')}${end}`
}

/** Cut before it is escaped, as half an escape would be none; undefined where there is no room for any of it. */
function fit(line: string, room: number, escape: (text: string) => string): string | undefined {
  for (let width = widestLine; width > 10; width = Math.floor(width * 0.8)) {
    const text = escape(cut(line, width))
    if (text.length <= room) return text
  }
  return undefined
}

/** Body of an incoming webhook of Slack (Slack API, "Formatting text for app surfaces", "Escaping text"). */
export const forSlack = (notice: Notice): object => ({
  text: textOf(notice, 4_000, (text) =>
    text.replaceAll(/[&<>]/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[letter] as string),
  ),
  mrkdwn: false,
  link_names: false,
  unfurl_links: false,
  unfurl_media: false,
})

/**
 * Body of a webhook of Google Chat (Chat API, "Format messages"): `<users/all>` and `<https://...|text>` have no escape
 * there, so that the brackets become others.
 */
export const forGoogleChat = (notice: Notice): object => ({
  text: textOf(notice, 4_000, (text) => text.replaceAll('<', '‹').replaceAll('>', '›')),
})

/** Body of a webhook of Discord (Discord API, "Execute Webhook"): nobody is mentioned, no link shows other words, none is unfolded. */
export const forDiscord = (notice: Notice): object => ({
  content: textOf(notice, 2_000, (text) => text.replaceAll(/[\\`*_~|<>[\]()#:@-]/g, '\\$&')),
  allowed_mentions: { parse: [] },
  flags: 4,
})

/**
 * What a workflow of Microsoft Teams posts into a channel. A TextRun shows its text as it is, where a TextBlock reads
 * Markdown (Adaptive Cards 1.2, RichTextBlock).
 */
export function forTeams({ title, lines, url }: Notice): object {
  const block = (text: string, width: number, weight: 'Default' | 'Bolder' = 'Default'): object => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text: oneLine(text, width), weight }],
  })
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [block(title, widestTitle, 'Bolder'), ...lines.slice(0, 50).map((line) => block(line, 400))],
          ...(url !== undefined && { actions: [{ type: 'Action.OpenUrl', title: 'Open the run', url }] }),
        },
      },
    ],
  }
}

/** Subject and body of a mail: a header is one line (RFC 5322 section 2.2). */
export const forMail = (notice: Notice): { readonly subject: string; readonly text: string } => ({
  subject: cut(oneLine(notice.title), 150),
  text: textOf(notice, 50_000, (text) => text),
})
