import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { z } from 'zod'
import { objectsOf, keysOf, kindOf, type JsonSchema } from '../../.ci/reference/json-schema.ts'
import { listDescribed, readPages, writePages } from '../../.ci/reference/pages.ts'
import { environment } from '../../src/base/environment.ts'
import { destinations, parseDestination } from '../../src/destinations/index.ts'
import { filters } from '../../src/syntax/filters.ts'
import { parseTemplate } from '../../src/syntax/template-syntax.ts'
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

  test('have every environment variable that the program reads, and no other', () => {
    const sources = globSync('src/**/*.ts', { exclude: ['src/base/environment.ts'] }).map((file) =>
      readFileSync(file, 'utf8'),
    )
    const read = sources.flatMap((text) =>
      [...text.matchAll(/\benv(?:\[|, )'([A-Z_]+)'|\b((?:HEADRACE|OTEL)_[A-Z_]*[A-Z])\b(?!_)/g)].map(
        ([, a, b]) => a ?? b,
      ),
    )
    const named = sources.join('\n')
    assert.deepEqual(
      [...new Set(read)].filter((name) => !Object.hasOwn(environment, name ?? '')),
      [],
    )
    assert.deepEqual(
      Object.keys(environment).filter((name) => !new RegExp(`\\b${name}\\b`).test(named)),
      [],
    )
  })

  test('show spellings of destinations and templates that are understood', () => {
    for (const { example, options = {} } of destinations) {
      assert.ok(parseDestination(example))
      for (const option of Object.values(options)) assert.ok(parseDestination(`${example}?${option.example}`))
    }
    const roots = {
      cursor: 'alone',
      now: 'alone',
      body: 'alone',
      env: 'field',
      parent: 'field',
      partition: 'field',
    } as const
    for (const { example } of Object.values(filters))
      assert.deepEqual(parseTemplate(example, { roots, shown: [] }).problems, [], example)
  })
})
