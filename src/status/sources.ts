import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import type { Connector } from '../connector/connector.ts'
import { isConnectorName } from '../connector/find.ts'
import { loadConnector } from '../connector/load.ts'
import { parseDestination, readerOf } from '../destinations/index.ts'

const loaded = new Map<string, { readonly version: string; readonly connector: Connector }>()
const mostLoaded = 2_000

/** Reads and checks a connector file; again only once it has changed. Throws as `loadConnector` does. */
export async function loadKnown(path: string): Promise<Connector> {
  const version = await versionOf(path)
  const known = loaded.get(path)
  if (version !== undefined && known?.version === version) return known.connector
  const connector = await loadConnector(path)
  if (loaded.size >= mostLoaded) loaded.clear()
  if (version !== undefined) loaded.set(path, { version, connector })
  return connector
}

/** Undefined where there is no such file: loading it says so better. */
async function versionOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found && `${found.mtimeMs} ${found.ctimeMs} ${found.size} ${found.ino}`
}

/** Whether there is anything to look at: to look must not make a file. */
export function isThere(spec: string): boolean {
  const parsed = parseDestination(spec)
  const place = readerOf(parsed)?.place(parsed)
  return place === undefined || existsSync(place)
}

/** Whether it may be looked at before anybody asks. */
export const isReadAhead = (spec: string): boolean => readerOf(parseDestination(spec))?.readsAhead ?? false

/** The names of the connectors of a directory, in order; none where it does not exist. */
export async function listConnectors(dir: string): Promise<readonly string[]> {
  if (!existsSync(dir)) return []
  const names = (await readdir(dir)).flatMap((file) => /^(.+)\.(?:ya?ml|json)$/.exec(file)?.[1] ?? [])
  return [...new Set(names)].filter(isConnectorName).toSorted()
}
