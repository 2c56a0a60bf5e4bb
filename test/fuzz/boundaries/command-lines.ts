import { CommanderError } from 'commander'
import fc from 'fast-check'
import { createProgram } from '../../../src/cli/program.ts'
import { createTerminal } from '../../../src/cli/terminal.ts'
import { makeTempDir } from '../../cli/support.ts'
import { defineBoundary } from '../boundary.ts'
import { mutated } from '../mutate.ts'

const words = [
  'run',
  'check',
  'status',
  'state',
  'connectors',
  'schema',
  'help',
  'init',
  '--help',
  '--version',
  '--json',
  'acme',
  'absent.yaml',
  '../x',
  'orders',
  '--stream=a',
  '--from',
  '2026-01-01',
  '--until=x',
  '--to',
  'duckdb::memory:',
  '--connectors',
  '--log-level',
  'trace',
  '--log-level=x',
  '--quiet',
  '--',
  '--budget',
  '-1',
  '1e9',
  '--full-refresh',
  '-',
]

export const commandLines = defineBoundary({
  name: 'command lines',
  runs: 300,
  input: fc.array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...words) }, mutated(words)), { maxLength: 6 }),
  open: (t) => {
    const dir = makeTempDir()
    t.after(() => dir[Symbol.dispose]())
    const env = { HEADRACE_CONNECTORS: dir.path, HEADRACE_DESTINATION: `duckdb:${dir.path}/w.duckdb`, HOME: dir.path }
    const terminal = {
      ...createTerminal({ env, color: false, json: true }),
      print: () => undefined,
      note: () => undefined,
    }
    return async (args) => {
      const program = createProgram({
        env,
        terminal,
        version: '0',
        authMethods: ['none', 'bearer'],
        exit: () => undefined,
      })
      // What starts a server or asks a person is not for this.
      if (args.some((arg) => /^(?:serve|connect|deploy|init)/.test(arg))) return
      await program.parseAsync([...args], { from: 'user' }).catch((thrown: unknown) => {
        if (!(thrown instanceof CommanderError)) throw thrown
      })
    }
  },
})
