import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareColumns, mergeColumns } from '../../src/destinations/column-changes.ts'
import type { Column } from '../../src/schema/types.ts'

const numeric = fc.constantFrom('integer', 'numeric', 'bignumeric', 'number')
const columnsOf = fc.uniqueArray(fc.record({ name: fc.constantFrom('a', 'B', 'c', 'D', 'e'), type: numeric }), {
  selector: ({ name }) => name,
})

test('after its changes a table takes the batch without further ones', () => {
  fc.assert(
    fc.property(columnsOf, columnsOf, (live: readonly Column[], wanted: readonly Column[]) => {
      const after = mergeColumns('t', live, wanted)
      const again = compareColumns('t', after, wanted)
      assert.deepEqual([again.added, again.widened], [[], []])
      const types = new Map(after.map(({ name, type }) => [name, type]))
      for (const { name, type } of again.loaded) assert.equal(types.get(name), type)
      assert.deepEqual(compareColumns('t', live, wanted).loaded, again.loaded)
    }),
  )
})

test('names are compared without regard to case', () => {
  const live: Column[] = [{ name: 'Id', type: 'integer' }]
  const { added, widened } = compareColumns('t', live, [{ name: 'id', type: 'number' }])
  assert.deepEqual([added, widened], [[], [{ name: 'id', type: 'number' }]])
})

test('a string column takes nothing but strings', () => {
  const live: Column[] = [{ name: 'a', type: 'string' }]
  assert.throws(() => compareColumns('t', live, [{ name: 'a', type: 'integer' }]), {
    code: 'DESTINATION_FAILED',
    message: /Column a of table t/,
  })
})
