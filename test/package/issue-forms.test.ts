import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { parse } from 'yaml'

const folder = join(import.meta.dirname, '../../.github/ISSUE_TEMPLATE')
const read = (file: string): string => readFileSync(join(folder, file), 'utf8')

interface Field {
  readonly type: string
  readonly id?: string
  readonly attributes: {
    readonly label?: string
    readonly value?: string
    readonly options?: readonly (string | { readonly label: string })[]
  }
}

suite('the issue forms', () => {
  for (const file of readdirSync(folder).filter((name) => name !== 'config.yml'))
    test(`${file} has the keys that GitHub needs`, () => {
      const { body, ...head } = parse(read(file)) as Record<string, unknown> & { body: readonly Field[] }
      assert.deepEqual(Object.keys(head).toSorted(), ['description', 'labels', 'name'])
      for (const key of ['name', 'description']) assert.ok(typeof head[key] === 'string' && head[key].trim() !== '')
      const ids = body.flatMap(({ id }) => id ?? [])
      assert.equal(new Set(ids).size, ids.length)
      for (const { type, id, attributes } of body) {
        assert.ok(['markdown', 'input', 'textarea', 'dropdown', 'checkboxes'].includes(type), type)
        assert.ok(type === 'markdown' ? attributes.value : attributes.label, id)
        if (type === 'dropdown' || type === 'checkboxes') {
          const labels = attributes.options?.map((one) => (typeof one === 'string' ? one : one.label)) ?? []
          assert.ok(labels.length > 0 && new Set(labels).size === labels.length, id)
          // GitHub reserves it.
          assert.ok(!labels.some((label) => /^none$/i.test(label)), id)
        }
      }
      // A form of nothing but optional fields is filled in by nobody.
      assert.match(read(file), /required: true/)
    })

  test('leave room for what fits none of them', () => {
    assert.deepEqual(parse(read('config.yml')), { blank_issues_enabled: true })
  })
})
