import assert from 'node:assert/strict'

/** What a provider, a caller or a token endpoint may say to hurt whoever reads it. */
export const hostileWords: Readonly<Record<string, string>> = {
  'a terminal is cleared and its title set': 'a\u001B[2J\u001B[1;1H\u001B]0;owned\u0007b',
  'an escape hides what follows': 'a\u001B[8msecret',
  'C1 controls begin an escape': 'a\u009B2J\u009D0;owned\u009Cb',
  'a carriage return overwrites a line': 'failed\rFORGED complete',
  'a line is forged': 'no\nFORGED warn  all is well\r\nFORGED: yes\n\nFORGED',
  'other separators forge a line': 'no\u2028FORGED\u2029FORGED\u0085FORGED\u000BFORGED\u000CFORGED',
  'a header is forged': 'subject\r\nBcc: evil@example.com\r\n\r\nFORGED',
  'text is turned around': 'invoice\u202Egpj.exe \u2066a\u2069 \u2067b\u2069 \u061C \u200F',
  'letters are not seen': 'pass\u200Bword \u2060\uFEFF\u00AD\u{E0041} \u3164 \u200D\u200D',
  'half a letter': 'a\uD83D b \uDE00',
  'marks are heaped': `x${'\u0301'.repeat(5_000)}`,
  'it is long': 'word '.repeat(60_000),
  'it is long and without a blank': '東'.repeat(300_000),
  NUL: 'a\0b\u007F\b\b',
  markup: '<script>alert(1)</script><img src=x onerror=alert(1)>" onload="x',
  'mentions and links':
    '<!channel> <@U1> @everyone <users/all> <https://evil.example|Your session expired> [a](https://evil.example)',
}

/** Fails where `text`, one or more lines, holds what steers its reader, is forged or does not end. */
export function isHarmless(text: string, where: string): void {
  assert.ok(text.isWellFormed(), `${where}: half a letter`)
  assert.ok(text.length < 120_000, `${where}: ${text.length} characters`)
  assert.doesNotMatch(text, /(?!\n)\p{Cc}/u, where)
  assert.doesNotMatch(text, /[\p{Zl}\p{Zp}\u00AD\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/u, where)
  assert.doesNotMatch(text, /^\s{0,3}FORGED/mu, where)
  assert.doesNotMatch(text, /\p{M}{6}/u, where)
}
