import { homedir } from 'node:os'
import type { Refuse } from './definition.ts'

/** The path that a person names in a destination of this form; throws what `refuse` makes of a reason. */
export function readPath(path: string, form: string, refuse: Refuse): string {
  if (path === '') throw refuse(`names no path: expected ${form}`)
  if (path.startsWith('//')) throw refuse(`is no URL: write ${form}, without slashes after the colon`)
  if (path.includes('\0')) throw refuse('has a path that no file can bear')
  // A shell leaves the `~` of `duckdb:~/x` as it is; a folder of that name is never what was meant.
  return path === '~' || path.startsWith('~/') ? homedir() + path.slice(1) : path
}
