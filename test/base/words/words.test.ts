import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { createAlert, noticeOf } from '../../../src/alerts/message.ts'
import { bodyFor } from '../../../src/alerts/webhook.ts'
import { describeProbe } from '../../../src/cli/check.ts'
import { createConnectUi } from '../../../src/cli/connect-ui.ts'
import { describeAccount } from '../../../src/cli/connected.ts'
import { describeSignIn } from '../../../src/cli/sign-in.ts'
import { formatTable } from '../../../src/cli/table.ts'
import type { Terminal } from '../../../src/cli/terminal.ts'
import { describeWarnings } from '../../../src/cli/warnings.ts'
import { renderOutcome } from '../../../src/connect/outcome-page.ts'
import { SyncError } from '../../../src/base/errors.ts'
import { createLog } from '../../../src/base/log.ts'
import { failProbe } from '../../../src/run/probe.ts'
import { Warnings } from '../../../src/base/warnings.ts'
import { clip } from '../../../src/status/format.ts'
import { html, toText } from '../../../src/status/html.ts'
import { forMail } from '../../../src/base/words/chats.ts'
import { cut, oneLine, widthOf } from '../../../src/base/words/line.ts'
import { forJson, forTerminal } from '../../../src/base/words/media.ts'
import { exampleRun } from './example-run.ts'
import { hostileWords, isHarmless } from './hostile.ts'

const shown: string[] = []
const terminal: Terminal = {
  width: 200,
  live: false,
  silent: false,
  size: () => ({ columns: 200, rows: 24 }),
  print: (text) => void shown.push(text),
  note: (text) => void shown.push(text),
  style: (_, text) => text,
  noteStyle: (_, text) => text,
}

function logged(format: 'json' | 'short', words: string): string {
  const lines: string[] = []
  const log = createLog({ level: 'trace', format, redact: (text) => text, write: (line) => void lines.push(line) })
  log.warn({ url: words, inner: { list: [words] }, err: new Error(words, { cause: new Error(words) }) }, words)
  return lines.join('')
}

function noted(words: string): string {
  shown.length = 0
  const ui = createConnectUi({
    terminal,
    env: {},
    redact: (text) => text,
    readLine: async () => '',
    openBrowser: false,
  })
  ui.note(words)
  ui.showDevice({ url: 'https://example.com', code: words, expiresAt: 0 })
  return shown.join('')
}

const connection = {
  tokens: { obtained_at: '', access_token: '' },
  account: '',
  facts: {},
  scopes: { asked: [], missing: [] },
}
const stream = { name: 'orders', rows: '$', paginator: { type: 'none' } } as Parameters<typeof failProbe>[0]
const signedIn = { method: 'bearer', scopesAsked: ['a'] }

const alertOf = (message: string) =>
  createAlert(exampleRun, [
    { kind: 'failed', stream: 'orders', code: 'API_REFUSED', message, advice: 'Ask.' },
    { kind: 'warned', stream: 'items', code: 'ROWS_REFUSED', message },
  ])

const chat = (host: string, words: string): string =>
  JSON.stringify(bodyFor(alertOf(words), new URL(`https://${host}/x`)))

/** Each way on which foreign words reach a person. */
const outputs: Readonly<Record<string, (words: string) => string>> = {
  'the message of an error': (words) => new SyncError('API_REFUSED', `The API said: ${words}`).message,
  'a line of an error of several': (words) =>
    new SyncError('CONFIG_INVALID', ['one', words]).message.replace(/^one\n/, ''),
  'a warning': (words) => {
    const warnings = new Warnings(() => undefined)
    warnings.add('ROWS_REFUSED', words)
    return warnings.list.map(({ message }) => message).join()
  },
  'the log, as JSON': (words) => logged('json', words),
  'the log, for a person': (words) => logged('short', words),
  'a page': (words) => toText(html`<p title="${words}">${words}</p>`).replaceAll('\n', ' '),
  'a cut text of a page': (words) => toText(html`<p>${clip(words, 80)}</p>`),
  'the page that a consent ends on': (words) =>
    renderOutcome({ kind: 'denied', label: words }).html.split('<body>')[1]?.replaceAll('\n', ' ') ?? '',
  'a table': (words) => formatTable([['name'], [words]], { width: 100 }),
  'the warnings of a run': (words) =>
    describeWarnings([{ stream: 'orders', warnings: [{ code: 'X', message: words }] }], terminal),
  'a proposal of check': (words) =>
    describeProbe(
      {
        ...failProbe(stream, new SyncError('INTERNAL', '')),
        error: undefined,
        rowsPath: words,
        url: words,
        proposals: [words],
        warnings: [words],
      } as unknown as Parameters<typeof describeProbe>[0],
      terminal,
    ),
  'an error of check': (words) => describeProbe(failProbe(stream, new SyncError('API_REFUSED', words)), terminal),
  'the sign-in of check': (words) =>
    describeSignIn(
      { streams: [], methods: ['bearer'], facts: [{ ...signedIn, account: words, scopesGranted: [words] }] },
      terminal,
    ),
  'the account and the scopes after connect': (words) =>
    describeAccount(
      {
        method: 'oauth1',
        label: 'ACME',
        store: 'secret:x',
        encrypted: false,
        rotates: false,
        connection: {
          ...connection,
          account: words,
          scopes: { asked: [], granted: [words], missing: [words] },
          facts: { realm: words },
        },
      },
      'acme',
      terminal,
    ),
  'what connect says': noted,
  Slack: (words) => chat('hooks.slack.com', words),
  'Google Chat': (words) => chat('chat.googleapis.com', words),
  Discord: (words) => chat('discord.com', words),
  Teams: (words) => chat('acme.webhook.office.com', words),
  'the body of a webhook': (words) => JSON.stringify(alertOf(words).text),
  mail: (words) => JSON.stringify(forMail(noticeOf(alertOf(words)))),
  'the subject of a mail': (words) => forMail({ title: words, lines: [] }).subject,
}

suite('foreign words', () => {
  for (const [output, show] of Object.entries(outputs))
    test(`${output}: shows them on one line and obeys none`, () => {
      for (const [what, words] of Object.entries(hostileWords)) isHarmless(show(words), `${output}, ${what}`)
    })

  test('a page holds no markup of theirs', () => {
    for (const output of ['a page', 'a cut text of a page', 'the page that a consent ends on'])
      assert.doesNotMatch(outputs[output]?.(hostileWords['markup'] ?? '') ?? '', /<script|<img|" onload/)
  })

  test('a chat and a mail have no line that is not ours', () => {
    for (const output of ['Slack', 'Google Chat', 'Discord', 'Teams', 'mail', 'the body of a webhook'])
      for (const [what, words] of Object.entries(hostileWords))
        assert.doesNotMatch(outputs[output]?.(words) ?? '', /\\n\s*(?:FORGED|Bcc)|\\r/, `${output}, ${what}`)
  })

  test('chats mention nobody and show no link under other words', () => {
    const text = (host: string): string =>
      chat(host, '<!channel> <https://evil.example|Renew> [Renew](https://evil.example) @everyone <users/all> &amp;')
    assert.doesNotMatch(text('hooks.slack.com'), /<|&amp;amp;lt/)
    assert.match(text('hooks.slack.com'), /&lt;!channel&gt;.*&amp;amp;.*"mrkdwn":false/)
    assert.doesNotMatch(text('chat.googleapis.com'), /<|>/)
    assert.match(text('discord.com'), /"allowed_mentions":\{"parse":\[\]\}/)
    assert.doesNotMatch(text('discord.com'), /\[Renew\]\(|[^\\]@everyone/)
    assert.doesNotMatch(text('acme.webhook.office.com'), /"TextBlock"/)
  })

  test('a chat takes the whole message: each within its limit, the address of the run at its end', () => {
    const limits = { 'hooks.slack.com': 4_000, 'chat.googleapis.com': 4_000, 'discord.com': 2_000 }
    const changes = Array.from(
      { length: 30 },
      () => ({ kind: 'failed', stream: 'orders', message: '<a>&*'.repeat(900) }) as const,
    )
    const url = 'https://headrace.example/runs/r1?connector=acme_x'
    for (const [host, limit] of Object.entries(limits)) {
      const body = bodyFor(createAlert(exampleRun, changes, url), new URL(`https://${host}/x`)) as Record<
        string,
        string
      >
      const text = body['text'] ?? body['content'] ?? ''
      assert.ok(text.length <= limit && text.length > limit / 4, `${host}: ${text.length}`)
      assert.ok(text.endsWith(`\n${url}`), host)
    }
  })

  test('a text is cut by the columns that it takes, never inside a letter', () => {
    assert.equal(cut('日本語テキスト', 7), '日本語…')
    assert.equal(oneLine('👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧', 5), '👨‍👩‍👧👨‍👩‍👧…')
    assert.equal(oneLine('a \ud83d b\udc00'), 'a \ufffd b\ufffd')
    assert.ok(widthOf(oneLine('é'.repeat(500), 80)) <= 80)
    assert.ok(oneLine(`x${'\u0301'.repeat(100_000)}`, 80).length <= 80 * 4 + 1)
  })

  test('JSON keeps its data exactly, and only its own line feeds', () => {
    for (const words of Object.values(hostileWords)) {
      const json = forJson(JSON.stringify({ words }, null, 2))
      assert.equal((JSON.parse(json) as { words: string }).words, words)
      assert.doesNotMatch(json, /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    }
  })

  test('the colors of this program reach a terminal, and nothing else that it would obey', () => {
    assert.equal(forTerminal('\u001B[31mred\u001B[39m\n'), '\u001B[31mred\u001B[39m\n')
    for (const words of Object.values(hostileWords)) {
      const text = stripVTControlCharacters(forTerminal(words)).replaceAll(/\n|\p{M}|\u200D/gu, '')
      assert.doesNotMatch(text, /[\p{Cc}\u202A-\u202E\u2066-\u2069]/u)
    }
  })
})
