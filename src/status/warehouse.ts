import type { RunRecord } from '../destinations/run-record.ts'
import { formatBytes, formatCount } from './format.ts'

/** What the warehouse says of a run's jobs, as pairs of words and value; nothing where it says nothing. */
export function describeWarehouse({ warehouse }: Pick<RunRecord, 'warehouse'>): readonly (readonly [string, string])[] {
  return Object.entries(warehouse ?? {}).flatMap(([key, value]) =>
    value === null
      ? []
      : [[`Warehouse: ${key.replace(/_ms$/, '_time').replaceAll('_', ' ')}`, describe(key, value)] as const],
  )
}

/** What a run cost by the list price, or the bytes billed where there is no price; undefined where the warehouse counts nothing. */
export function costOf({ warehouse }: Pick<RunRecord, 'warehouse'>): string | undefined {
  const { estimated_usd: price, bytes_billed: billed } = warehouse ?? {}
  if (typeof price === 'number') return formatDollars(price)
  return typeof billed === 'number' ? `${formatBytes(billed)} billed` : undefined
}

function describe(key: string, value: string | number | boolean): string {
  if (typeof value !== 'number') return String(value)
  if (key.includes('usd')) return formatDollars(value)
  if (key.startsWith('bytes')) return formatBytes(value)
  return key.endsWith('_ms') ? `${formatCount(value / 1000)} s` : formatCount(value)
}

/** A run costs cents: two digits that matter, regardless of their place. */
const formatDollars = (amount: number): string =>
  amount >= 1 || amount === 0
    ? `$${amount.toFixed(2)}`
    : `$${amount.toFixed(Math.min(8, 1 - Math.floor(Math.log10(amount))))}`
