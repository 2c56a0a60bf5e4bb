import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { answerFaults } from './faults/answers.ts'
import { violates } from './faults/case.ts'
import { cursorFaults } from './faults/cursor.ts'
import { endingFaults } from './faults/ending.ts'
import { keyFaults } from './faults/keys.ts'
import { listingFaults } from './faults/listing.ts'
import { sliceFaults } from './faults/slices.ts'
import { stateFaults } from './faults/state.ts'
import { type Stores, openStores } from './store.ts'

const faults = [
  ...listingFaults,
  ...endingFaults,
  ...cursorFaults,
  ...sliceFaults,
  ...stateFaults,
  ...keyFaults,
  ...answerFaults,
]

let stores: Stores
before(async () => (stores = await openStores()))
after(() => stores[Symbol.asyncDispose]())

for (const [index, fault] of faults.entries()) {
  test(`nothing is lost or doubled in silence where ${fault.name}`, async () => {
    await using store = stores.create(fault.tier ?? 'duckdb', `f-${index}`)
    assert.equal(await violates(fault, store), undefined)
  })
}
