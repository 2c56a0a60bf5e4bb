import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseLinks } from '../../src/paginators/web-link.ts'
import { base, get, paginate, post, view } from './listing.ts'

const next = (link: string, url = get('page=1').url) =>
  paginate({ type: 'link_header' }).next(view(get('page=1&a=b'), { headers: { link }, url }))?.url

test('the next link is found among several', () => {
  const header =
    '<https://api.example.com/i?page=1>; rel="first", <https://api.example.com/i?page=3>; rel="next", </last>; rel=last'
  assert.equal(next(header), 'https://api.example.com/i?page=3')
})

test('a link header is read as RFC 8288 writes it', () => {
  for (const header of [
    '<https://a.example/n>; rel=next',
    '<https://a.example/n>;rel="next"',
    '<https://a.example/n> ; title="a, <b>; rel=\\"x\\"" ; REL = "prefetch Next"',
    '<https://a.example/p>; rel=prev; title="x, <https://a.example/n>; rel=next",<https://a.example/n>; rel=next',
    ' ,, nonsense, <https://a.example/n>;; rel=next;',
    "<https://a.example/n>; title*=UTF-8''n%20x; rel=next; rel=prev",
    '<https://a.example/x>; rel=next; anchor="/other", <https://a.example/n>; rel=next; anchor=""',
  ]) {
    assert.equal(next(header), 'https://a.example/n', header)
  }
})

test('commas and semicolons inside <> belong to the target', () => {
  assert.equal(next('<https://a.example/n?ids=1,2;3>; rel=next'), 'https://a.example/n?ids=1,2;3')
})

test('a header without a next link ends the listing', () => {
  for (const header of [
    '',
    '<https://a.example/n>; rel=prev',
    '<https://a.example/n>; rel=prev; rel=next',
    '<https://a.example/n>',
    '<https://a.example/n',
    'next',
  ]) {
    assert.equal(next(header), undefined, header)
  }
})

test('no header is too odd to be read, and none takes long', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('<', '>', ';', ',', '"', '\\', '=', 'rel', 'next', ' ', 'a'), { maxLength: 40 }),
      (parts) => {
        parseLinks(parts.join(''))
      },
    ),
  )
  for (const part of [',', '<', ';', '"', ' ', ',<', '<>;a="', '\\']) parseLinks(part.repeat(16_000))
})

test('a relative link resolves against the URL that answered, and replaces the query as a whole', () => {
  assert.equal(
    next('<?page=2>; rel=next', 'https://eu.example.com/v2/items?page=1'),
    'https://eu.example.com/v2/items?page=2',
  )
  assert.equal(next('<more/2#x>; rel=next', 'https://eu.example.com/v2/items'), 'https://eu.example.com/v2/more/2')
})

test('following a link keeps the method, the headers and the body', () => {
  const request = { ...post({ q: 1 }), headers: { 'content-type': 'application/json', accept: 'x' } }
  const followed = paginate({ type: 'link_body', path: '$.next' }).next(
    view(request, { body: { next: 'https://u:p@api.example.com/n' } }),
  )
  assert.deepEqual(followed, { ...request, url: 'https://api.example.com/n' })
})

test('a link in the body may be text or an object with an href, and ends where it is empty', () => {
  const paginator = paginate({ type: 'link_body', path: '$.links.next' })
  for (const link of ['/n', { href: '/n' }])
    assert.equal(paginator.next(view(base, { body: { links: { next: link } } }))?.url, 'https://api.example.com/n')
  for (const link of [null, '', false, undefined, { href: null }])
    assert.equal(paginator.next(view(base, { body: { links: { next: link } } })), undefined)
})

test('a link that is no http URL, or no link at all, is an error', () => {
  const paginator = paginate({ type: 'link_body', path: '$.next' })
  for (const link of ['https://', 'javascript:alert(1)', 'file:///etc/passwd', 7, ['/n']]) {
    assert.throws(
      () => paginator.next(view(base, { body: { next: link } })),
      { code: 'RESPONSE_INVALID' },
      String(link),
    )
  }
})
