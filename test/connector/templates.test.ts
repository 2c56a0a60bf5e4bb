import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { StreamConfig } from '../../src/connector/connector.ts'
import { renderRequest, type TemplateScope } from '../../src/connector/templates.ts'
import type { ApiRequest } from '../../src/http/send.ts'
import { firstStream, load, onlyProblem, withStreams } from './support.ts'

const base: TemplateScope = { now: Date.UTC(2024, 1, 29, 12, 30, 15, 250), run: { id: 'r1' }, env: { REGION: 'eu' } }

/** The request of a stream written in YAML flow style, without its braces. */
function render(stream: string, scope: Partial<TemplateScope> = {}, head = ''): ApiRequest {
  const connector = load(withStreams(`  - { name: s, ${stream} }\n`, head))
  return renderRequest(connector, firstStream(connector), { ...base, ...scope })
}

const search = (request: ApiRequest): string => new URL(request.url).search
const incremental = 'incremental: { cursor: at }'
const child = 'parent: { stream: p, include: { order_id: id } }'

function renderChild(stream: string, parent: Record<string, unknown>): ApiRequest {
  const connector = load(withStreams(`  - { name: s, ${child}, ${stream} }\n  - { name: p }\n`))
  return renderRequest(connector, firstStream(connector), { ...base, parent })
}

/** What one template gives, as a member of a JSON body. */
function evaluate(template: string, cursor: string | number): unknown {
  const body = render(`method: POST, ${incremental}, body: { v: ${JSON.stringify(template)} }`, { cursor }).body
  return (JSON.parse(body ?? '') as { v: unknown }).v
}

test('filters read a cursor by the patterns and the zone that the stream declares', () => {
  const give = (template: string, cursor: string, more: string): unknown => {
    const spelled = `incremental: { cursor: at, ${more} }`
    const { body } = render(`method: POST, ${spelled}, body: { v: ${JSON.stringify(template)} }`, { cursor })
    return (JSON.parse(body ?? '') as { v: unknown }).v
  }
  const days = 'format: "%d/%m/%Y"'
  assert.equal(give('{{ cursor | date("%Y-%m-%d") }}', '31/12/2023', days), '2023-12-31')
  assert.equal(give('{{ cursor | add("P1D") }}', '31/12/2023', days), '01/01/2024')
  assert.equal(give('{{ cursor | date("%Y-%m-%d") }}', '03/04/2024', days), '2024-04-03')
  const local = 'format: ["%d.%m.%Y %H:%M"], time_zone: Europe/Berlin'
  assert.equal(give('{{ cursor | epoch }}', '31.01.2024 10:00', local), Date.UTC(2024, 0, 31, 9) / 1000)
  assert.equal(give('{{ cursor | date("%H:%M") }}', '31.01.2024 10:00', local), '09:00')
  assert.equal(give('{{ cursor | add("PT1H") }}', '31.01.2024 10:00', local), '31.01.2024 11:00')
})

test('a request has the path below base_url, parameters and headers of the connector under those of the stream', () => {
  const head = 'params: { a: 1, b: 2 }\nheaders: { X-A: one, X-B: two }\n'
  assert.deepEqual(render('path: /orders, params: { b: 3, c: true }, headers: { x-b: three }', {}, head), {
    method: 'GET',
    url: 'https://api.acme.example/v1/orders?a=1&b=3&c=true',
    headers: { accept: 'application/json', 'x-a': 'one', 'x-b': 'three' },
  })
})

test('a path of nothing is base_url itself, and slashes between the two do not matter', () => {
  const at = (baseUrl: string, path: string) => {
    const connector = load(withStreams(`  - { name: s, ${path} }\n`).replace('https://api.acme.example/v1', baseUrl))
    return renderRequest(connector, firstStream(connector), base).url
  }
  assert.equal(at('https://a.example/v1', 'path: ""'), 'https://a.example/v1')
  assert.equal(at('https://a.example/v1/', 'path: ""'), 'https://a.example/v1/')
  for (const baseUrl of ['https://a.example/v1', 'https://a.example/v1/']) {
    for (const path of ['x/y', '/x/y', '//x/y']) assert.equal(at(baseUrl, `path: ${path}`), 'https://a.example/v1/x/y')
  }
  assert.equal(at('https://a.example/v1?k=1', 'path: /x?l=2, params: { m: 3 }'), 'https://a.example/v1/x?k=1&l=2&m=3')
  assert.equal(at('https://a.example/v1', 'path: "?l=2"'), 'https://a.example/v1?l=2')
  assert.equal(at('https://a.example', 'path: /a b'), 'https://a.example/a%20b')
})

test('a query in path is kept as it is written; parameters of the stream replace those of the same name', () => {
  const path = `path: "/x?q=a%20b+c&since={{ cursor }}", ${incremental}`
  assert.equal(search(render(`${path}, params: { per: 1 }`, { cursor: 'x&y=z' })), '?q=a%20b+c&since=x%26y%3Dz&per=1')
  assert.equal(search(render(`path: "/x?q=1&since={{ cursor }}", params: { q: 2 }, ${incremental}`)), '?q=2')
})

test('a parameter, header or member whose template is empty is left out', () => {
  const stream = `path: /x, method: POST, ${incremental}, params: { a: "{{ cursor }}", b: "from {{ cursor }}", c: ["{{ cursor }}", 1], d: null, e: "" }, headers: { if-modified-since: "{{ cursor }}" }, body: { a: "{{ cursor }}", b: ["{{ cursor }}", 2], c: "" }`
  for (const cursor of [null, '']) {
    const request = render(stream, { cursor })
    assert.equal(search(request), '?c=1&e=')
    assert.deepEqual(Object.keys(request.headers), ['accept', 'content-type'])
    assert.equal(request.body, '{"b":[2],"c":""}')
  }
  assert.equal(
    search(render(`params: { a: '{{ cursor | default("all") }}', b: "{{ env.NONE | default(1) }}" }, ${incremental}`)),
    '?a=all&b=1',
  )
})

test('a value that is one template keeps its type', () => {
  assert.equal(evaluate('{{ cursor }}', 7), 7)
  assert.equal(evaluate('{{ cursor }}', '7'), '7')
  assert.equal(evaluate('n{{ cursor }}', 7), 'n7')
  assert.equal(
    render(
      'method: POST, partitions: [{ on: true, n: 1.5 }], body: { on: "{{ partition.on }}", n: "{{partition.n}}" }',
      { partition: { on: true, n: 1.5 } },
    ).body,
    '{"on":true,"n":1.5}',
  )
  assert.equal(
    renderChild('method: POST, body: { v: "{{ parent.id }}" }', { order_id: { a: [1] } }).body,
    '{"v":{"a":[1]}}',
  )
})

test('a list repeats the name, or follows list_style', () => {
  const list = 'params: { a: [1, "x,y", "{{ env.REGION }}"], b: [] }'
  assert.equal(search(render(list)), '?a=1&a=x%2Cy&a=eu')
  assert.equal(search(render(`${list}, list_style: comma`)), '?a=1,x%2Cy,eu')
  assert.equal(search(render(`${list}, list_style: brackets`)), '?a%5B%5D=1&a%5B%5D=x%2Cy&a%5B%5D=eu')
  assert.equal(
    search(renderChild('params: { a: "{{ parent.id }}" }, list_style: comma', { order_id: [1, 2] })),
    '?a=1,2',
  )
  assert.equal(
    search(renderChild('params: { a: "{{ parent.id }}" }, list_style: brackets', { order_id: [1] })),
    '?a%5B%5D=1',
  )
})

test('parent fields are found by the name in include and by the name of the field', () => {
  for (const name of ['order_id', 'id'])
    assert.equal(new URL(renderChild(`path: "/o/{{ parent.${name} }}"`, { order_id: 5 }).url).pathname, '/v1/o/5')
})

/** Half a surrogate pair cannot be sent at all, and no server takes control characters in a path. */
const isPlain = (text: string): boolean => text.isWellFormed() && !/[^\P{Cc}\u0080-\u009f]/u.test(text)

test('whatever a value holds, it stays inside its segment of the path', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.stringMatching(/^[./%\\?#&=2eE ;:@{}]{1,6}$/).filter((text) => text !== ''),
  )
  fc.assert(
    fc.property(value, (id) => {
      let url
      try {
        url = new URL(renderChild('path: "/o/{{ parent.id }}/events"', { order_id: id }).url)
      } catch (error) {
        assert.ok(['.', '..'].includes(id) || !isPlain(id), `refused ${JSON.stringify(id)}`)
        assert.equal((error as { code?: string }).code, 'RESPONSE_INVALID')
        return
      }
      const [, version, orders, segment, events, ...rest] = url.pathname.split('/')
      assert.deepEqual(
        [url.origin, version, orders, events, rest, url.search, url.hash],
        ['https://api.acme.example', 'v1', 'o', 'events', [], '', ''],
      )
      assert.equal(decodeURIComponent(segment ?? ''), id)
    }),
    { numRuns: 1_000 },
  )
})

test('dots that would climb are refused even where text stands beside them', () => {
  assert.throws(() => renderChild('path: "/o/.{{ parent.id }}"', { order_id: '.' }), { code: 'RESPONSE_INVALID' })
  assert.throws(() => renderChild('path: "/o/%2e{{ parent.id }}/x"', { order_id: '.' }), { code: 'RESPONSE_INVALID' })
  for (const id of [null, '', undefined, { a: 1 }])
    assert.throws(() => renderChild('path: "/o/{{ parent.id }}"', { order_id: id }), { code: 'RESPONSE_INVALID' })
  assert.throws(() => render('path: "/{{ env.NONE }}"'), {
    code: 'CONFIG_INVALID',
    message: /env\.NONE.*stream s of acme\.yaml is empty/,
  })
})

test('whatever a parameter holds, the provider reads it back, in every list style', () => {
  const wellFormed = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.isWellFormed())
  const style = fc.constantFrom<StreamConfig['list_style']>('repeat', 'comma', 'brackets')
  const values = fc.array(wellFormed, { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(style, values, wellFormed, (listStyle, texts, single) => {
      const { searchParams, pathname } = new URL(
        renderChild(
          `path: "", params: { a: "{{ parent.id }}", b: "{{ parent.order_id | json }}" }, list_style: ${listStyle}`,
          {
            order_id: texts,
          },
        ).url,
      )
      const read =
        listStyle === 'comma' ? searchParams.getAll('a') : searchParams.getAll(listStyle === 'brackets' ? 'a[]' : 'a')
      assert.deepEqual(read, listStyle === 'comma' ? [texts.join(',')] : texts)
      assert.deepEqual(JSON.parse(searchParams.get('b') ?? ''), texts)
      assert.equal(pathname, '/v1')
      const one = new URL(
        renderChild(`path: "/x?c={{ parent.id }}", params: { a: "{{ parent.id }}" }, list_style: ${listStyle}`, {
          order_id: single,
        }).url,
      )
      assert.deepEqual(
        [...one.searchParams],
        [
          ['c', single],
          ['a', single],
        ],
      )
    }),
    { numRuns: 500 },
  )
})

test('a header that would hold a line break is refused', () => {
  for (const value of ['a\r\nb: c', 'a\nb', 'a\0', '\u20ac'])
    assert.throws(() => renderChild('headers: { x: "{{ parent.id }}" }', { order_id: value }), {
      code: 'RESPONSE_INVALID',
      message: /header x/,
    })
})

test('a body is JSON, a form or text, with the content type that goes with it', () => {
  assert.deepEqual(render('path: "", method: POST, body: { q: "{{ env.REGION }}", n: [1, null], deep: { x: true } }'), {
    method: 'POST',
    url: 'https://api.acme.example/v1',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: '{"q":"eu","n":[1,null],"deep":{"x":true}}',
  })
  const form = render('method: POST, body_format: form, body: { q: "a&b", n: [1, 2], none: "{{ env.NONE }}" }')
  assert.deepEqual([form.body, form.headers['content-type']], ['q=a%26b&n=1&n=2', 'application/x-www-form-urlencoded'])
  const text = render(
    'method: POST, body_format: text, body: "<q>{{ env.REGION }}{{ env.NONE }}</q>", headers: { Content-Type: text/xml }',
  )
  assert.deepEqual([text.body, text.headers['content-type']], ['<q>eu</q>', 'text/xml'])
  assert.equal('body' in render('method: POST, body: null'), false)
})

test('the same scope gives the same bytes', () => {
  const stream = `path: "/{{ run.id }}/{{ now | epoch }}", method: POST, ${incremental}, params: { a: "{{ cursor }}" }, body: { now: "{{ now }}" }`
  assert.equal(JSON.stringify(render(stream, { cursor: 'c' })), JSON.stringify(render(stream, { cursor: 'c' })))
  assert.equal(render(stream, { cursor: 'c' }).body, '{"now":"2024-02-29T12:30:15.250Z"}')
})

test('filters follow one another', () => {
  assert.equal(evaluate("{{ cursor | add('P1D') | date('%d.%m.%Y') }}", '2024-02-28T23:59:59Z'), '29.02.2024')
  assert.equal(evaluate('{{ cursor | base64 }}', 'ä:b'), 'w6Q6Yg==')
  assert.equal(evaluate('{{ cursor | urlencode }}', 'a b/c'), 'a%20b%2Fc')
  assert.equal(evaluate('{{ cursor | json }}', 'say "x"'), '"say \\"x\\""')
  assert.equal(
    new URL(renderChild('path: "/{{ parent.id | urlencode }}"', { order_id: 'a/b' }).url).pathname,
    '/v1/a%2Fb',
  )
  assert.throws(() => evaluate('{{ cursor | epoch }}', 'soon'), {
    code: 'RESPONSE_INVALID',
    message: /no point in time/,
  })
})

test('filters read a time as cursors are read, and add to it in its own spelling', () => {
  const moments = [
    'Wed, 31 Jan 2024 10:00:00 GMT',
    '/Date(1706695200000)/',
    '20240131100000',
    '2024/01/31 10:00:00 UTC',
    '2024-01-31T12:00:00+02',
    1_706_695_200_000_000,
    '1706695200000000000',
  ]
  for (const value of moments) {
    assert.equal(evaluate('{{ cursor | epoch }}', value), 1_706_695_200, String(value))
    assert.equal(evaluate('{{ cursor | date("%d.%m.%Y %H:%M") }}', value), '31.01.2024 10:00', String(value))
  }
  assert.equal(evaluate('{{ cursor | add("-P1D") }}', 1_706_695_200_000_000), 1_706_608_800_000_000)
  assert.equal(evaluate('{{ cursor | add("P1D") }}', '/Date(1706695200000)/'), '/Date(1706781600000)/')
})

test('templates outside the closed grammar are refused at their own line and column', () => {
  const at = (template: string) => onlyProblem(withStreams(`  - { name: s, params: { a: 'x {{ ${template}' } }\n`))
  for (const [template, expected] of [
    ['curser }}', /^4:35 .*unknown name curser: expected one of cursor, .*did you mean cursor\?/],
    ['now | dat("%Y") }}', /^4:41 .*unknown filter dat: .*did you mean date\?/],
    ['now | date("%Q") }}', /^4:41 .*date knows no %Q/],
    ['now | date }}', /date needs a format/],
    ['now | add("1 day") }}', /add needs an ISO 8601 duration/],
    ['now | epoch(1) }}', /epoch takes no argument/],
    ['now | default }}', /default needs a value/],
    ['now | default(x) }}', /expected a text in quotes/],
    ['now | default("a" }}', /expected \) after one argument/],
    ['now', /^4:32 .*does not end/],
    ['}}', /expected one of cursor/],
    ['now + 1 }}', /expected \}\} or \|/],
    ['now() }}', /expected \}\} or \|/],
    ['now.x }}', /now has no fields/],
    ['run.name }}', /expected \{\{ run\.id \}\}/],
    ['env }}', /expected env\.NAME/],
    ['window.start }}', /incremental\.window, which this version does not have/],
    ['constructor }}', /unknown name constructor/],
    ['now | toString }}', /unknown filter toString/],
  ] as const)
    assert.match(at(template.replaceAll("'", "''")), expected)
})

test('a template that its stream has nothing for is refused', () => {
  const at = (stream: string) => onlyProblem(withStreams(`  - { name: s, ${stream} }\n  - { name: p }\n`))
  assert.match(at('params: { a: "{{ cursor }}" }'), /^4:30 streams\[0\]\.params\.a: \{\{ cursor \}\} needs incremental/)
  assert.match(at('path: "/{{ parent.id }}"'), /needs a parent: add parent/)
  assert.match(
    at(`${child}, path: "/{{ parent.ordr_id }}"`),
    /not in parent\.include: expected order_id or id \(did you mean order_id\?\)/,
  )
  assert.match(at('path: "/{{ partition.x }}"'), /needs partitions/)
  assert.match(
    at('partitions: { year: [1] }, path: "/{{ partition.yaer }}"'),
    /partitions has no yaer: expected year \(did you mean year\?\)/,
  )
  assert.match(at('method: POST, body: { a: [{ b: "{{ cursor }}" }] }'), /^4:48 streams\[0\].body\.a\[0\]\.b/)
  assert.match(
    onlyProblem(withStreams('  - { name: s }\n', 'headers: { x: "{{ cursor }}" }\n')),
    /^3:16 headers\.x: in stream s: \{\{ cursor \}\} needs incremental/,
  )
})

test('keys and values go out as a form where a Content-Type of the file says so', () => {
  const form = 'Content-Type: application/x-www-form-urlencoded; charset=utf-8'
  const body = 'method: POST, body: { a: 1, b: [x, y z] }'
  for (const [stream, head] of [
    [`${body}, headers: { "${form.replace(': ', '": "')}" }`, ''],
    [body, `headers: { ${form} }\n`],
  ] as const)
    assert.equal(render(`path: /, ${stream}`, {}, head).body, 'a=1&b=x&b=y+z')
})

test('what a Content-Type of the connector does not allow is refused at the body of the stream', () => {
  const at = (body: string, type: string) =>
    onlyProblem(withStreams(`  - { name: s, method: POST, body: ${body} }\n`, `headers: { content-type: ${type} }\n`))
  const form = 'application/x-www-form-urlencoded'
  assert.match(at('{ a: { b: 1 } }', form), /^5:41 streams\[0\]\.body\.a: a form has no nested values/)
  assert.match(at('{ a: 1 }', 'multipart/form-data'), /^5:36 streams\[0\]\.body: a body of several parts/)
  const own = `  - { name: s, method: POST, body: { a: { b: 1 } }, headers: { Content-Type: application/json } }\n`
  assert.equal(load(withStreams(own, `headers: { content-type: ${form} }\n`)).streams.length, 1)
})
