import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { collectOutput, type Usage } from './measured-process.ts'
import { expectedSums } from './rows.ts'

/** `default` is the quick start as it stands; the others add what its documentation advises for speed. */
export const dltModes = ['default', 'jsonl', 'parquet'] as const
export type DltMode = (typeof dltModes)[number]

const venv = join(homedir(), '.cache/headrace-bench/dlt')
const python = join(venv, 'bin/python')

/** Installs dlt into a virtual environment outside the tree, once. Undefined (and the reason on stderr) where that cannot be done. */
export async function prepareDlt(): Promise<string | undefined> {
  try {
    await collectOutput('python3', ['-c', 'import sys; assert sys.version_info >= (3, 9)'])
    if (!existsSync(join(venv, 'ready'))) {
      process.stderr.write(`installing dlt into ${venv} ...\n`)
      await collectOutput('python3', ['-m', 'venv', venv])
      await collectOutput(python, ['-m', 'pip', 'install', '-q', 'dlt[duckdb,parquet]', 'orjson', 'duckdb<2'])
      await collectOutput('touch', [join(venv, 'ready')])
    }
    return (
      await collectOutput(python, [
        '-c',
        'import dlt, duckdb; print(f"dlt {dlt.__version__}, duckdb {duckdb.__version__}")',
      ])
    ).trim()
  } catch (error) {
    process.stderr.write(`SKIPPED dlt: it needs Python 3.9 or later and its package.\n${(error as Error).message}\n`)
    return undefined
  }
}

export interface DltLoad {
  readonly server: string
  readonly rows: number
  readonly dir: string
  readonly mode: DltMode
}

/** One run of dlt, checked for its rows like the others. */
export async function runDlt({ server, rows, dir, mode }: DltLoad): Promise<Usage> {
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  const script = join(import.meta.dirname, 'dlt_run.py')
  const output = await collectOutput(python, [script, server, String(rows), join(dir, 'warehouse.duckdb'), mode], {
    PYTHONDONTWRITEBYTECODE: '1',
  })
  const { sums, ...usage } = JSON.parse(output.trim().split('\n').at(-1) as string) as Usage & { sums: number[] }
  const expected = expectedSums(rows)
  if (sums[0] !== rows || sums[1] !== expected.ids || sums[2] !== expected.cents) {
    throw new Error(`dlt holds ${sums.join(' ')}, expected ${JSON.stringify(expected)}`)
  }
  return usage
}
