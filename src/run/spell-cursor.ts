import { areTimes, formatsOf } from '../syntax/cursor-format.ts'
import type { StreamConfig } from '../connector/connector.ts'

/** The declared columns: that of the cursor is spelled as the cursor is, unless it says otherwise. */
export function spellCursor({ columns, incremental }: StreamConfig): StreamConfig['columns'] {
  const column = incremental && columns[incremental.cursor]
  if (!column || column.format !== undefined || !/^(timestamp|datetime|date)$/.test(column.type ?? '')) return columns
  const formats = formatsOf(incremental)
  const zone = column.type === 'timestamp' ? (column.time_zone ?? incremental.time_zone) : undefined
  return {
    ...columns,
    [incremental.cursor]: {
      ...column,
      ...(formats && areTimes(formats) && { format: [...formats] }),
      ...(zone !== undefined && { time_zone: zone }),
    },
  }
}
