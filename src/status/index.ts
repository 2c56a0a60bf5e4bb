import type { App } from '../run/app.ts'
import { isConnectorName } from '../connector/find.ts'
import { SyncError } from '../base/errors.ts'
import { renderStatusPage } from './overview.ts'
import type { Page, PageOptions } from './page.ts'
import { readRun } from './history.ts'
import { readStatus } from './report.ts'
import { renderRunPage } from './run-page.ts'

export type { Page, PageOptions } from './page.ts'
export { keepFresh, prepareFirstLook } from './refresh.ts'
export { readStatus } from './report.ts'
export { renderRunPage, renderStatusPage }

type Viewer = Pick<PageOptions, 'csrf' | 'mayRun' | 'viewer' | 'base'> & {
  /** Which connectors the viewer may see; all where absent. */
  readonly maySee?: (connector: string) => boolean
}

/** `GET /?connector=NAME&part=N`. Throws `CONNECTOR_NOT_FOUND` and `REQUEST_INVALID`. */
export async function openStatusPage(app: App, query: URLSearchParams, viewer: Viewer): Promise<Page> {
  const connector = wantedConnector(query, viewer)
  const report = await readStatus(app, { connector, brief: connector === undefined })
  const connectors = report.connectors.filter((one) => viewer.maySee?.(one.name) !== false)
  return renderStatusPage(
    { ...report, connectors },
    { ...viewer, now: app.effects.now(), connector, part: wantedPart(query) },
  )
}

/** `GET /runs/ID?connector=NAME`; without the name every connector is asked. Throws as above, and where there is no such run. */
export async function openRunPage(app: App, runId: string, request: RunPageRequest): Promise<Page> {
  const { query, viewer } = request
  const wanted = wantedConnector(query, viewer)
  const found = await readRun(app, runId, { connector: wanted, maySee: viewer.maySee })
  if (!found) throw new SyncError('CONNECTOR_NOT_FOUND', 'There is no such run, or its record has been removed.')
  const { run, connector } = found
  return renderRunPage(run, { ...viewer, now: app.effects.now(), connector, part: wantedPart(query) })
}

interface RunPageRequest {
  readonly query: URLSearchParams
  readonly viewer: Viewer
}

function wantedConnector(query: URLSearchParams, { maySee }: Viewer): string | undefined {
  const name = query.get('connector') ?? undefined
  // A path would be one too, to the command line.
  if (name !== undefined && (!isConnectorName(name) || maySee?.(name) === false))
    throw new SyncError('CONNECTOR_NOT_FOUND', `There is no connector ${JSON.stringify(name.slice(0, 100))}.`)
  return name
}

function wantedPart(query: URLSearchParams): number {
  const part = Number(query.get('part') ?? 1)
  if (Number.isSafeInteger(part) && part >= 1) return part
  throw new SyncError('REQUEST_INVALID', 'The part of a list is a number from 1 on.')
}
