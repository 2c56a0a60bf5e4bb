import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { createPageDecoder, type DecoderOptions } from '../../src/decode/index.ts'
import { compilePath } from '../../src/base/json/path.ts'

async function decode(body: Uint8Array | string, options: Partial<DecoderOptions> = {}) {
  let found: string | undefined
  const decoder = createPageDecoder({
    format: 'xml',
    rows: undefined,
    onRowsFound: (rows) => (found = rows),
    shape: () => ({ columns: [] }),
    listing: false,
    mayBeEmpty: false,
    where: 'GET /',
    ...options,
  })
  const bytes = Buffer.from(body)
  for (let at = 0; at < bytes.length; at += 7) await decoder.write(bytes.subarray(at, at + 7))
  const page = await decoder.end()
  if (page.problem) throw page.problem
  const chunks: Uint8Array[] = []
  for await (const chunk of page.rows.lines.read()) chunks.push(chunk)
  await page.rows[Symbol.asyncDispose]()
  const text = Buffer.concat(chunks).toString()
  const rows = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown)
  return { envelope: page.envelope, rows, found }
}

const feed = (rest: string): string =>
  `<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005" gd:etag="x">${rest}</feed>`

suite('XML', () => {
  test('a document without the element that holds the rows, or about an error, is no empty page', async () => {
    const rows = '$.list.items.item[*]'
    await assert.rejects(decode('<other><x/></other>', { rows }), { code: 'ROWS_NOT_FOUND' })
    await assert.rejects(decode('<list><error>no such list</error></list>', { rows }), { code: 'API_REFUSED' })
    await assert.rejects(decode('<Error><Code>SlowDown</Code></Error>', { rows }), { code: 'API_REFUSED' })
    for (const body of ['<list><items/></list>', '<list><total>0</total></list>'])
      assert.deepEqual((await decode(body, { rows })).rows, [], body)
  })

  test('an element is an object: attributes, text, what repeats, prefixes as they are spelled; nothing becomes a number', async () => {
    const { rows, found } = await decode(`<orders>
      <order id="007" g:kind="a"><no>0012</no><line sku="1">A</line><line>B</line><note/><g:at>2026</g:at></order>
      <order id="8"><no>1e5</no></order>
    </orders>`)
    assert.equal(found, '$.orders.order[*]')
    assert.deepEqual(rows, [
      {
        '@id': '007',
        '@g:kind': 'a',
        no: '0012',
        line: [{ '@sku': '1', '#text': 'A' }, 'B'],
        note: '',
        'g:at': '2026',
      },
      { '@id': '8', no: '1e5' },
    ])
  })

  test("Atom's entries and its next link are found, with one entry or link as with many", async () => {
    const next = "$.feed.link[?@['@rel']=='next']['@href']"
    const entry = '<entry><id>1</id></entry>'
    const one = await decode(feed(`<link rel="next" href="http://x/?a=1&amp;b=2"/>${entry}`))
    assert.deepEqual(one.rows, [{ id: '1' }])
    assert.deepEqual(compilePath(next)(one.envelope), ['http://x/?a=1&b=2'])
    const many = await decode(feed(`<link rel="self" href="/1"/><link rel="next" href="/2"/>${entry}${entry}`))
    assert.equal(many.rows.length, 2)
    assert.deepEqual(compilePath(next)(many.envelope), ['/2'])
    assert.deepEqual(compilePath('$.feed.entry')(many.envelope), [[]])
    assert.deepEqual((await decode(feed(''))).rows, [])
  })

  test('an element that is sometimes one and sometimes many is always a list of rows', async () => {
    for (const count of [0, 1, 2, 5]) {
      const body = `<r><total>${count}</total><items>${'<i><a>1</a></i>'.repeat(count)}</items></r>`
      const { rows } = await decode(body, { rows: '$.r.items.i[*]' })
      assert.equal(rows.length, count)
    }
  })

  test('rows elsewhere than the path says are an error, and so are two lists between which nothing decides', async () => {
    const body = '<r><a><x><y/></x></a><items><i><b/></i><i><b/></i></items></r>'
    await assert.rejects(decode(body, { rows: '$.r.wrong[*]' }), { code: 'ROWS_NOT_FOUND' })
    const two = '<r><a><i><b/></i><i><b/></i></a><c><d><e/></d><d><e/></d></c></r>'
    await assert.rejects(decode(two), { code: 'ROWS_NOT_FOUND' })
  })

  test('text comes through whatever it is written as: entities by name and number, CDATA, blanks', async () => {
    const { rows } = await decode(
      '<r><i><t>a &lt;b&gt; &#233;&#x1F600; &amp;amp;</t></i><i><t><![CDATA[<p>&amp;</p>]]></t></i><i><t> x </t></i></r>',
    )
    assert.deepEqual(rows, [{ t: 'a <b> é😀 &amp;' }, { t: '<p>&amp;</p>' }, { t: ' x ' }])
  })

  test('no entity that a document defines is expanded, be it large or a file', async () => {
    const laughs = `<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><r><i><t>&b;</t></i></r>`
    const file = `<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]><r><i><t>&f;</t></i></r>`
    for (const body of [laughs, file, '<r><i><t>&nbsp;</t></i></r>', '<r><i><t>&#0;</t></i></r>'])
      await assert.rejects(decode(body), { code: 'RESPONSE_INVALID' })
  })

  test('the charset is that of the mark, else of the content type, else of the declaration', async () => {
    const body = (encoding: string) => `<?xml version="1.0" encoding="${encoding}"?><r><i><t>Zoë</t></i></r>`
    const latin = Buffer.from(body('ISO-8859-1'), 'latin1')
    const wide = Buffer.from(body('UTF-16'), 'utf16le')
    for (const [bytes, charset] of [
      [latin, undefined],
      [Buffer.from(body('UTF-8'), 'latin1'), 'iso-8859-1'],
      [Buffer.from(`\uFEFF${body('ISO-8859-1')}`), 'iso-8859-1'],
      [wide, undefined],
      [Buffer.concat([Buffer.of(0xff, 0xfe), wide]), 'utf-8'],
    ] as const)
      assert.deepEqual((await decode(bytes, { charset })).rows, [{ t: 'Zoë' }])
    await assert.rejects(decode(latin, { charset: 'utf-8' }), { code: 'RESPONSE_INVALID' })
    await assert.rejects(decode(body('klingon')), { code: 'RESPONSE_INVALID' })
  })

  test('what is no XML is refused with its line, and so is a page for people', async () => {
    await assert.rejects(decode('<r>\n<i><a></i>\n</r>'), { code: 'RESPONSE_INVALID', message: /line 2/ })
    for (const body of ['', '{"a": 1}', '<r>', '<r></r><r></r>', '<html><body>Log in</body></html>', 'x<r/>'])
      await assert.rejects(decode(body), { code: 'RESPONSE_INVALID' })
    assert.deepEqual((await decode('', { mayBeEmpty: true })).rows, [])
  })

  test('what is nested without end or too large is refused', async () => {
    await assert.rejects(decode('<a>'.repeat(300) + '</a>'.repeat(300)), { code: 'RESPONSE_INVALID' })
    const decoder = createPageDecoder({
      format: 'xml',
      rows: undefined,
      shape: () => ({ columns: [] }),
      listing: false,
      mayBeEmpty: false,
      where: 'GET /',
    })
    const chunk = Buffer.alloc(1024 * 1024, 0x20)
    const writeAll = async (): Promise<void> => {
      for (let count = 0; count < 40; count++) await decoder.write(chunk)
    }
    await assert.rejects(writeAll(), { code: 'RESPONSE_TOO_LARGE' })
    await decoder.discard()
  })

  test('names by which objects could be tampered with are refused', async () => {
    for (const name of ['constructor', '__proto__', 'prototype'])
      await assert.rejects(decode(`<r><i><${name}><polluted>1</polluted></${name}></i></r>`), {
        code: 'RESPONSE_INVALID',
      })
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
  })

  test('any text and attribute comes back as it was escaped', async () => {
    const text = fc.string({ unit: 'grapheme' }).map((raw) => raw.replace(/[^\P{C}\n]/gu, ''))
    const escape = (raw: string): string =>
      raw.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`).replaceAll('\n', '&#10;')
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 5 }), async (values) => {
        const body = `<r>${values.map(([a, t]) => `<i a="${escape(a)}"><t>${escape(t)}</t></i>`).join('')}</r>`
        const { rows } = await decode(body, { rows: '$.r.i[*]' })
        assert.deepEqual(
          rows,
          values.map(([a, t]) => ({ '@a': a, t })),
        )
      }),
      { numRuns: 200 },
    )
  })

  test('a body of nothing but comments and instructions is refused at once', async () => {
    for (const piece of ['<!---->', '<!-->', '<??>', '<?a?>\n<!b>'])
      await assert.rejects(decode(`${piece.repeat(60)}!`), { code: 'RESPONSE_INVALID' })
  })

  test('bytes of any kind give rows or an error of ours, never anything else', async () => {
    const piece = fc.constantFrom(
      '<a>',
      '</a>',
      '<b x="1"/>',
      '&amp;',
      '&x;',
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      '<?xml',
      '?>',
      '<!DOCTYPE',
      '[',
      ']>',
      'text',
      '"',
      '\u0000',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 25 }), async (pieces) => {
        await decode(`<r>${pieces.join('')}</r>`).catch((thrown: { code?: string }) => {
          assert.match(String(thrown.code), /^(RESPONSE_INVALID|ROWS_NOT_FOUND)$/)
        })
      }),
      { numRuns: 2_000 },
    )
  })
})
