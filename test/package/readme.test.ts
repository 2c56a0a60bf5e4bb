import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { authConfig } from '../../src/auth/index.ts'
import { parseConnector } from '../../src/connector/load.ts'
import { advice } from '../../src/status/advice.ts'

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')

suite('the README', () => {
  test('says for each error code what to do, in the words of the status page', () => {
    for (const [code, text] of Object.entries(advice)) assert.ok(readme.includes(`| \`${code}\` | ${text} |`), code)
  })

  test('has an example of every sign-in method, and each of them is right', () => {
    const examples = [...readme.matchAll(/^\| `(\w+)` \| `(auth: \{.*?\})`/gm)]
    const methods = new Set(examples.map(([, method]) => method))
    for (const { shape } of authConfig.options) assert.ok(methods.has(shape.type.value), shape.type.value)
    for (const [, method, line] of examples) {
      const text = `name: acme\nbase_url: https://api.acme.example\n${line}\nstreams: [{ name: orders, path: /orders }]\n`
      const [auth] = parseConnector(text, 'acme.yaml').auth
      assert.equal(auth?.type, method)
    }
  })
})
