import { defaultsConfig } from './stream.ts'
import type { Path } from './problems.ts'

type Keys = Readonly<Record<string, unknown>>

const mergedByName: ReadonlySet<string> = new Set(['params', 'headers'])

export const isKeys = (value: unknown): value is Keys =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A stream with `defaults` under it: params and headers by name (a header regardless of its case), every other key as a whole. Works on what is written, before any check. */
export function mergeDefaults(stream: unknown, defaults: unknown): unknown {
  if (!isKeys(stream) || !isKeys(defaults)) return stream
  const shared = Object.entries(defaults).filter(([key]) => key in defaultsConfig.shape)
  const merged = new Map<string, unknown>(shared)
  for (const [key, value] of Object.entries(stream)) {
    const under = merged.get(key)
    merged.set(key, mergedByName.has(key) && isKeys(under) && isKeys(value) ? mergeNames(key, under, value) : value)
  }
  return Object.fromEntries(merged)
}

function mergeNames(key: string, under: Keys, over: Keys): Keys {
  if (key !== 'headers') return { ...under, ...over }
  const named = new Set(Object.keys(over).map((name) => name.toLowerCase()))
  return { ...Object.fromEntries(Object.entries(under).filter(([name]) => !named.has(name.toLowerCase()))), ...over }
}

/** Where in the file a key of a merged stream is written: in the stream itself, or in `defaults`. */
export function writtenAt(
  path: Path,
  { stream, defaults, index }: { stream: unknown; defaults: unknown; index: number },
): Path {
  const own: Path = ['streams', index, ...path]
  const [key, name] = path
  if (!isKeys(stream) || !isKeys(defaults) || typeof key !== 'string' || !Object.hasOwn(defaults, key)) return own
  const inStream = Object.hasOwn(stream, key)
  if (!inStream) return ['defaults', ...path]
  const under = defaults[key]
  const over = stream[key]
  const byName = mergedByName.has(key) && isKeys(under) && isKeys(over) && name !== undefined
  return byName && !Object.hasOwn(over, name) && Object.hasOwn(under, name) ? ['defaults', ...path] : own
}
