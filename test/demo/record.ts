/** Records the picture of the README from two real runs: `node test/demo/record.ts`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { recordKilledRun } from './killed.ts'
import { renderTerminal } from './svg.ts'

const { lines } = await recordKilledRun()
const title =
  'A run is killed in the middle of a listing; the next one continues at the first page that was not committed'
writeFileSync(join(import.meta.dirname, 'killed.svg'), renderTerminal(lines, title))
