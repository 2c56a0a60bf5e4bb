import { after, beforeEach, suite } from 'node:test'
import { destinationContract } from '../contracts/destination.ts'
import { openDestination, parseDestination } from '../../src/destinations/index.ts'
import { skipBigquery, startEmulator } from '../support/bigquery/emulator.ts'
import { listTables, readTable } from '../support/bigquery/read-rows.ts'

const project = 'contract'
let places = 0
const datasetOf = (place: string) => place.slice(`bigquery:${project}.`.length)

if (skipBigquery) suite('bigquery', { skip: skipBigquery })
else {
  const emulator = await startEmulator()
  after(() => emulator[Symbol.asyncDispose]())
  let tests = 0
  beforeEach(async () => {
    if (tests++ % 5 === 4) await emulator.renew()
  })
  const { endpoint } = emulator
  process.env['HEADRACE_BIGQUERY_ENDPOINT'] = endpoint

  const listRowTables = async (place: string) => {
    const names = await listTables(endpoint, project, datasetOf(place))
    return names.filter((name) => !name.startsWith('_headrace_'))
  }
  destinationContract(
    'bigquery',
    (place) => openDestination(parseDestination(place), 'acme', { bigquery: { endpoint } }),
    {
      updates: true,
      kills: 6,
      // A commit takes the emulator seconds.
      runs: 3,
      // BigQuery takes 38 digits before the point, the emulator 20.
      largest: '98765432109876543210',
      // Its ALTER COLUMN keeps the digits of NUMERIC(10, 2), and it cannot query a field that a patch has added to a RECORD.
      cannotWidenDeclared: 'the emulator widens neither the digits of a decimal nor a record',
      createPlace: async () => `bigquery:${project}.acme_${++places}`,
      listTables: listRowTables,
      async readRows(place, table, columns) {
        if (!table.startsWith('_headrace_') && !(await listRowTables(place)).includes(table)) return []
        return readTable(endpoint, { project, dataset: datasetOf(place), table }, columns)
      },
    },
  )
}
