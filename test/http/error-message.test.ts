import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { describeRequest } from '../../src/http/describe.ts'
import { findTitle, extractErrorMessage, sanitizeMessage } from '../../src/http/error-message.ts'
import { widthOf } from '../../src/base/words/line.ts'

const redact = (text: string) => text.replaceAll('Zo0-key', '[secret]')

for (const [body, words] of [
  [{ error: 'invalid_grant', error_description: 'The code has expired' }, 'invalid_grant: The code has expired'],
  [
    { type: 'about:blank', title: 'Forbidden', status: 403, detail: 'Scope orders.read is missing' },
    'Scope orders.read is missing',
  ],
  [{ message: 'Not Found', documentation_url: 'https://docs.example' }, 'Not Found'],
  [{ error: { code: 190, type: 'OAuthException', message: 'Session has expired' } }, 'Session has expired'],
  [{ errors: [{ message: 'Field "x" is unknown' }, { message: 'and more' }] }, 'Field "x" is unknown'],
  [{ errors: [{ title: 'Gone' }] }, 'Gone'],
  [{ errors: { base: ['nothing here'] } }, 'nothing here'],
  [{ errors: 'Unavailable Shop' }, 'Unavailable Shop'],
  [[{ errorCode: 'X', message: 'Query failed' }], 'Query failed'],
  ['plain words', 'plain words'],
  ['<html><head><title>502 Bad\nGateway</title></head><body>secret things</body></html>', '502 Bad Gateway'],
  ['<h1>x</h1>', 'x'],
  [{ message: '', error: null, detail: 7 }, '{"message":"","error":null,"detail":7}'],
  [{ exception_message: 'No such view', detail: 'at line 7' }, 'No such view'],
  [{ detail: 'trace 77', message: 'Bad filter' }, 'Bad filter'],
  [{ type: 'about:blank', title: 'Forbidden', status: 403 }, 'Forbidden'],
  [{ Error: { Code: 'X', Message: 'Table is gone' } }, 'Table is gone'],
  [{ errorMessages: ['Field x does not exist'], errors: {} }, 'Field x does not exist'],
  [{ errors: ['is too long', 'and more'] }, 'is too long'],
  [{ status: 7, hint: 'ask for less' }, '{"status":7,"hint":"ask for less"}'],
  [
    '<?xml version="1.0"?>\n<Error><Code>NoSuchKey</Code><Message>The key &quot;a&quot; is gone</Message></Error>',
    'NoSuchKey: The key "a" is gone',
  ],
  [
    '<m:error xmlns:m="http://x"><m:code>Bad</m:code><m:message xml:lang="en"><![CDATA[No <such> row]]></m:message></m:error>',
    'Bad: No row',
  ],
  ['<s:Fault><faultcode>Client</faultcode><faultstring>Wrong date</faultstring></s:Fault>', 'Client: Wrong date'],
  ['<html><script>var x = 1</script><body><p>Down for work</p></body></html>', 'Down for work'],
  ['', undefined],
  [null, undefined],
] as const) {
  test(`the words of ${JSON.stringify(body).slice(0, 60)} are ${JSON.stringify(words)}`, () => {
    assert.equal(extractErrorMessage(body, redact), words)
  })
}

test('words are one line without control characters, of at most 300 columns, without a secret', () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.constantFrom('Zo0-key', 'Zo0-\u0000key', '\u001b[31m', 'x'.repeat(100)),
    ),
  })
  fc.assert(
    fc.property(text, (value) => {
      const words = sanitizeMessage(value, redact) ?? ''
      assert.ok(widthOf(words) <= 300)
      assert.doesNotMatch(words, /[\p{Cc}\n]|Zo0-key/u)
      assert.ok(words.isWellFormed())
    }),
  )
})

test('a secret that the cut would halve is redacted first', () => {
  const words = extractErrorMessage({ message: `${'x'.repeat(295)}Zo0-key` }, redact) as string
  assert.doesNotMatch(words, /Zo0/)
})

test('a secret of several lines is redacted before its line breaks are blanked', () => {
  assert.equal(
    sanitizeMessage('bad key "a\nb"', (text) => text.replaceAll('a\nb', '[secret]')),
    'bad key "[secret]"',
  )
})

test('a request is described without password, secrets and the signature of a signed link', () => {
  const url = 'https://ann:pw@api.example/Zo0-key/x?page=2&X-Amz-Signature=abc&access_token=def&q=Zo0-key#part'
  assert.equal(
    describeRequest({ method: 'GET', url }, redact),
    'GET https://api.example/[secret]/x?page=2&X-Amz-Signature=[secret]&access_token=[secret]&q=[secret]',
  )
})

test('a page that is made to be slow is given up soon, as a whole body or for its title', () => {
  assert.equal(findTitle('<title>Sign in to Acme</title>', redact), 'Sign in to Acme')
  for (const part of ['<title', '<title ', '<a:title', '<Message>', '<script', '<![CDATA[', '&amp;']) {
    const body = part.repeat(1024 * 1024)
    findTitle(body, redact)
    extractErrorMessage(body, redact)
  }
})
