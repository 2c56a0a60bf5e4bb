import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readSource } from '../../src/connector/source.ts'
import { onlyProblem, places, problemsOf, withStreams } from './support.ts'

test('an empty file, or one that holds no keys, is refused', () => {
  for (const text of ['', '\n', '# only a comment\n', '---\n', 'null'])
    assert.match(onlyProblem(text), /the file is empty/)
  for (const text of ['- a', 'text', '3']) assert.match(onlyProblem(text), /^1:1 : expected keys and values, found/)
})

test('broken YAML is refused in plain words at its line and column', () => {
  assert.match(onlyProblem('streams:\n\t- name: a\n'), /^2:1 : a tab cannot indent/)
  assert.match(onlyProblem('name: a\nurl: b: c\n'), /^2:6 : a second ": " on one line/)
  assert.match(onlyProblem('name: a\n---\nname: b\n'), /: expected one document/)
  assert.match(onlyProblem('{"name": "a"'), /^1:13 : something is missing here/)
})

test('keys that stand twice, or that are no text, are refused along with everything else', () => {
  assert.deepEqual(places(withStreams('  - { name: s, path: /a, path: /b, pth: /c }\n', '1: x\n')), [
    '3:1 ',
    '5:26 streams[0].path',
    '5:36 streams[0].pth',
  ])
  assert.match(
    onlyProblem(withStreams('  - { name: s, params: { __proto__: x } }\n')),
    /^4:26 streams\[0\]\.params: __proto__/,
  )
})

test('a number that would lose digits is refused', () => {
  assert.match(
    onlyProblem(withStreams('  - { name: s, params: { a: 9007199254740993 } }\n')),
    /^4:29 streams\[0\]\.params\.a: .*put it in quotes/,
  )
  assert.match(problemsOf(withStreams('  - { name: s, params: { a: .nan } }\n'))[0]?.message ?? '', /finite number/)
})

test('aliases work, but aliases of aliases, an alias of itself and endless nesting cost nothing', () => {
  const { value, problems } = readSource('a: &x [1, 2]\nb: *x\nc: { d: *x }\n')
  assert.deepEqual([value, problems], [{ a: [1, 2], b: [1, 2], c: { d: [1, 2] } }, []])
  const levels = Array.from({ length: 30 }, (_, at) => `k${at + 1}: &k${at + 1} [${`*k${at}, `.repeat(9)}]\n`).join('')
  assert.match(onlyProblem(`k0: &k0 [x]\n${levels}`), /at most 100000 values/)
  assert.match(onlyProblem('a: &a [*a]\n'), /at most 64 levels/)
  assert.match(problemsOf('['.repeat(100_000))[0]?.message ?? '', /at most 64 levels/)
  assert.match(onlyProblem(`a: ${'['.repeat(70)}${']'.repeat(70)}\n`), /at most 64 levels/)
  assert.match(onlyProblem(`a: &a x\nb: [${'*a,'.repeat(150_000)}]\n`), /at most 100000 values/)
})

test('an alias that names nothing is refused', () => {
  assert.deepEqual(places(withStreams('  - { name: s, path: *p }\n')), ['4:22 streams[0].path', '4:22 streams[0].path'])
})

test('whatever a file holds, it is either read or refused', () => {
  const piece = fc.constantFrom(
    'name',
    ': ',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&a ',
    '*a',
    '!t ',
    '|',
    '>',
    '#',
    '? ',
    ',',
    '{{ cursor }}',
    '1',
    '\t',
    'streams',
    '%',
    '\u0000',
    '\ufeff',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      assert.ok(problemsOf(pieces.join('')).every(({ line, column }) => line >= 1 && column >= 1))
    }),
    { numRuns: 500 },
  )
})

test('the place of a value is found through aliases, quotes and lists', () => {
  const source = readSource('a: &x { b: [1, "two {{ c }}"] }\nd: *x\n')
  assert.deepEqual(source.locate({ path: ['d', 'b', 1], message: 'm', offset: 4 }), {
    line: 1,
    column: 21,
    key: 'd.b[1]',
    message: 'm',
  })
  assert.deepEqual(source.locate({ path: ['d', 'b'], message: 'm', at: 'key' }), {
    line: 1,
    column: 9,
    key: 'd.b',
    message: 'm',
  })
  assert.deepEqual(source.locate({ path: ['e', 'f'], message: 'm' }), { line: 1, column: 1, key: 'e.f', message: 'm' })
})
