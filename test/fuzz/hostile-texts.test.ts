import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { readers } from './readers.ts'

/** What a text may consist of. */
const pieces = [
  '<',
  ',<',
  '<a',
  '<a>',
  '<a ',
  '<a b="',
  '<title',
  '<title>',
  '<!--',
  '<!---->',
  '<!-->',
  '<??>',
  '<?xml ?>',
  '</a',
  '<![CDATA[',
  '<!DOCTYPE a [',
  '<!ENTITY a "&b;">',
  '&amp;',
  '&#1;',
  ']]>',
  '<x>; a="\\",',
  '<x>; rel=next, ',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '[1,',
  '{"a":',
  '{"data":[',
  '[{"a":1},',
  '"',
  '\\',
  '\\u',
  '\\ud800',
  '"\\"',
  '\n',
  '{}\n',
  'a',
  'a=',
  'a="',
  'a="\\',
  'Digest ',
  'Digest qop=auth,',
  ', auth',
  '=',
  ',',
  ', ',
  ';',
  '; ',
  ' ',
  '\t',
  '\r',
  '\0',
  '0',
  '1,',
  '0.',
  '1e',
  '9'.repeat(50),
  '-',
  '+',
  '.',
  '1d',
  '1h',
  'remaining=1',
  'reset=1',
  ';r=1',
  'exceeded a ',
  '%25',
  '%',
  '%00',
  '/',
  '\\\\',
  'a.',
  'eyJ.',
  '\tA(',
  ' (',
  '2024-01-01T',
  '01/',
  'Mon, ',
  'T00:',
  'PT1H',
  'P1D',
  'Zo0-',
  'Zo0-key%25',
  'Zo0-key%2525',
  'é',
  '\ud800',
  '😀',
  '\ufeff',
  '\u2028',
  'NaN',
  '-Infinity,',
  'true',
  'null',
]

/** A mebibyte where there is time for it; that of headers is at most 16 KiB. */
const length = (process.env['HEADRACE_TEST_FUZZ'] === undefined ? 256 : 1024) * 1024

/** Far more than the whole takes, and no measure: what takes the square of the length takes many times as long. */
const deadline = 300_000

test('a long text of whatever repeats is read in time by everything that reads what others sent, or refused in our words', async (t) => {
  const [url, names] = [new URL('./hostile-worker.ts', import.meta.url), Object.keys(readers)]
  const worker = new Worker(url, { workerData: { pieces, names, length } })
  t.after(() => worker.terminate())
  let under: object = {}
  const wrong: object[] = []
  worker.on('message', (told: { readonly wrong?: string }) => {
    under = told
    if (told.wrong !== undefined) wrong.push(told)
  })
  const failed = await Promise.race([
    once(worker, 'exit').then(() => false),
    new Promise((resolve) => setTimeout(resolve, deadline, true).unref()),
  ])
  assert.ok(!failed, `it did not come back from ${JSON.stringify(under)}`)
  assert.deepEqual(wrong, [])
})
