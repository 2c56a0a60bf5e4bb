import { baseOf } from './document.ts'
import type { PageOptions } from './page.ts'

/** How many streams a page shows at a time: so that it stays below 100 kB. */
export const partSize = 50

/** Where a connector is shown with all its streams. */
export function connectorHref(name: string, options: PageOptions, part = 1): string {
  if (options.standalone) return `#connector-${name}`
  return `${baseOf(options)}/?connector=${encode(name)}${part > 1 ? `&part=${part}` : ''}`
}

/** The page of a run. */
export function runHref(runId: string, name: string, options: PageOptions): string {
  if (options.standalone) return `#run-${encode(runId)}`
  return `${baseOf(options)}/runs/${encode(runId)}?connector=${encode(name)}`
}

/** Half a surrogate pair has no UTF-8. */
const encode = (text: string): string => encodeURIComponent(text.toWellFormed())
