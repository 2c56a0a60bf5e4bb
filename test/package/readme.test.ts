import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { authConfig } from '../../src/auth/index.ts'
import { parseConnector } from '../../src/connector/load.ts'
import { advice } from '../../src/status/advice.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

suite('the README', () => {
  const readme = read('README.md')

  test('is read in a few minutes', () => {
    const lines = readme.trimEnd().split('\n').length
    assert.ok(lines <= 150, `${lines} lines`)
  })

  test('has the two lines on its first screen', () => {
    const screen = readme.split('\n').slice(0, 20).join('\n')
    for (const line of ['npm ci && npm run demo', 'npm ci && npm test']) assert.ok(screen.includes(line), line)
  })

  test('shows a connector file of twelve lines that is right', () => {
    const [, text = ''] = /```yaml\n(.*?)```/s.exec(readme) ?? []
    assert.equal(text.trimEnd().split('\n').length, 12)
    const { streams } = parseConnector(text, 'acme.yaml')
    assert.equal(streams[0]?.name, 'orders')
  })

  test('has the sums of the bill', () => {
    const costs = read('deploy/costs.md')
    const [, list = '', free = ''] = /\*\*sum\*\* \| \| \| \*\*\$([\d.]+)\*\* \| \*\*\$([\d.]+)\*\*/.exec(costs) ?? []
    const rows = [...costs.matchAll(/^\| (?!\*\*).*\| \$([\d.]+) \| \$([\d.]+)(?: \([^|]*\))? \|$/gm)]
    assert.ok(rows.length >= 8, `${rows.length} rows`)
    const sum = (column: number): string => rows.reduce((all, row) => all + Number(row[column]), 0).toFixed(2)
    assert.deepEqual([sum(1), sum(2)], [list, free])
    const [, bill = ''] = /## What it costs in a month\n(.*?)\n## /s.exec(readme) ?? []
    const parts = [...bill.matchAll(/\| \$([\d.]+) \|$/gm)].map(([, amount]) => Number(amount))
    assert.equal(parts.reduce((all, part) => all + part, 0).toFixed(2), list)
    const rounded = [list, free].map((amount) => Math.round(Number(amount)))
    assert.ok(bill.includes(`about $${rounded[0]} at list prices, about $${rounded[1]} after`))
  })
})

test('the page of error codes says for each code what to do, in the words of the status page', () => {
  const rows = [...read('src/status/errors.md').matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, code, text]) => [
    code,
    text,
  ])
  assert.deepEqual(rows, Object.entries(advice))
})

test('the page about signing in has an example of every method, and each of them is right', () => {
  const examples = [...read('src/auth/README.md').matchAll(/^\| `(\w+)` \| `(auth: \{.*?\})`/gm)]
  const methods = new Set(examples.map(([, method]) => method))
  for (const { shape } of authConfig.options) assert.ok(methods.has(shape.type.value), shape.type.value)
  for (const [, method, line] of examples) {
    const text = `name: acme\nbase_url: https://api.acme.example\n${line}\nstreams: [{ name: orders, path: /orders }]\n`
    const [auth] = parseConnector(text, 'acme.yaml').auth
    assert.equal(auth?.type, method)
  }
})
