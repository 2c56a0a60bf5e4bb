import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { z } from 'zod'
import { objectsOf, keysOf, kindOf, type JsonSchema } from '../../.ci/reference/json-schema.ts'
import { listDescribed, readPages, writePages } from '../../.ci/reference/pages.ts'
import { connectorConfig } from '../../src/connector/connector.ts'
import { connectorJsonSchema } from '../../src/connector/json-schema.ts'

const pages = readPages()

/** Every key of a connector file: its path, and what it may be. */
function* listKeys(schema: JsonSchema, path: string): Generator<readonly [path: string, schema: JsonSchema]> {
  for (const object of objectsOf(schema)) {
    const kind = kindOf(object)
    for (const [key, inner] of keysOf(object)) {
      if (kind !== undefined && key === 'type') continue
      const at = [path, kind, key].filter(Boolean).join('.')
      yield [at, inner]
      if (inner.title === undefined) yield* listKeys(inner, at)
    }
  }
}

const keys = [...listKeys(connectorJsonSchema() as JsonSchema, '')].filter(
  // What defaults holds are keys of a stream; the sign-in of a stream is that of the connector.
  ([path]) => !/^(?:defaults\.|streams\.auth\.|\$schema$)/.test(path),
)

suite('the reference pages', () => {
  for (const [page, text] of writePages(pages))
    test(`${page} says what the code says (npm run reference writes it)`, () => {
      assert.equal(pages.get(page), text)
    })

  test('describe every key', () => {
    const described = new Set(listDescribed(pages))
    assert.deepEqual(
      keys.flatMap(([path]) => (described.has(path) ? [] : [path])),
      [],
    )
  })

  test('have a description of every key', () => {
    assert.deepEqual(
      keys.flatMap(([path, { description }]) => (description ? [] : [path])),
      [],
    )
  })

  test('have examples that load', () => {
    let count = 0
    z.toJSONSchema(connectorConfig, {
      io: 'input',
      override: ({ zodSchema, jsonSchema }) => {
        for (const example of (jsonSchema.examples ?? []) as readonly unknown[]) {
          const { error } = (zodSchema as unknown as z.ZodType).safeParse(example)
          assert.equal(error, undefined, `${JSON.stringify(example)}: ${error?.message}`)
          count++
        }
      },
    })
    assert.ok(count > 200, `${count} examples`)
  })
})
