import { open } from 'node:fs/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Column } from '../../schema/types.ts'
import type { Batch, TablePlan } from '../destination.ts'
import { isOutOfMemory, isRowTooLarge, toLoadFailure } from '../duckdb/failures.ts'
import { selectRows } from '../duckdb/load.ts'
import { memoryLimits, rowSizes, stepUp } from '../duckdb/limits.ts'
import { quoteText } from '../duckdb/sql.ts'

/** Writes one Parquet file; DuckDB does the encoding. */
export interface ParquetWriter extends AsyncDisposable {
  write(path: string, batch: Batch, columns: readonly Column[]): Promise<void>
}

const options = {
  threads: '1',
  memory_limit: `${memoryLimits[0]}MB`,
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
}

export async function openParquetWriter(plan: TablePlan, scratch: string): Promise<ParquetWriter> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', { ...options, temp_directory: scratch })
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  return {
    async write(path, batch, columns) {
      const source = await batch.lines.flush()
      const target = `${quoteText(path)} (FORMAT parquet, COMPRESSION zstd)`
      await copyRows(connection, plan, (rowSize) => {
        const { runId, loadedAt } = plan
        const select = selectRows({ path: source, columns: columns.map(toParquet), runId, loadedAt, rowSize })
        return `COPY (${select}) TO ${target}`
      })
      await syncFile(path)
    },
    async [Symbol.asyncDispose]() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** Parquet has no integer of 128 bits, and DuckDB would make it a double: it goes as text, exact. */
function toParquet({ name, type }: Column): Column {
  return { name, type: type === 'bignumeric' ? 'string' : type }
}

async function copyRows(connection: DuckDBConnection, plan: TablePlan, toSql: (rowSize: number) => string) {
  let rowSize: number | undefined = rowSizes[0]
  let memory: number | undefined = memoryLimits[0]
  for (;;) {
    try {
      await connection.run(toSql(rowSize))
      return
    } catch (thrown) {
      const failure = toLoadFailure(thrown, `table ${plan.table}`)
      if (isRowTooLarge(thrown)) rowSize = stepUp(rowSizes, rowSize)
      else if (isOutOfMemory(thrown)) memory = stepUp(memoryLimits, memory)
      else throw failure
      if (rowSize === undefined || memory === undefined) throw failure
      await connection.run(`SET memory_limit = '${memory}MB'`)
    }
  }
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
