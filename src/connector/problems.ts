import { SyncError } from '../base/errors.ts'

/** A place in a connector file as the keys and indexes that lead to it. */
export type Path = readonly (string | number)[]

/** Something wrong in a connector file; line and column count from 1. */
export interface Problem {
  readonly line: number
  readonly column: number
  readonly key: string
  readonly message: string
}

/** Something wrong, before its line and column are known. */
export interface Finding {
  readonly path: Path
  readonly message: string
  /** Where to point: at the key itself, or (the default) at its value. */
  readonly at?: 'key' | 'value'
  /** How many characters into a text value. */
  readonly offset?: number
}

export type Report = (path: Path, message: string, where?: Pick<Finding, 'at' | 'offset'>) => void

/** `streams[0].params.since`; a name that is no plain word stands in brackets. */
export function showPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    if (!/^[$\w-]+$/.test(part)) return `${text}[${JSON.stringify(part.slice(0, 60))}]`
    return text === '' ? part : `${text}.${part}`
  }, '')
}

/** One error for all problems of a file: a line for each, in the order of the file, each once. */
export function configError(file: string, problems: readonly Problem[]): SyncError {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
  const lines = sorted.map(
    ({ line, column, key, message }) => `${file}:${line}:${column} ${key && `${key}: `}${message}`,
  )
  const distinct = sorted.filter((_, at) => lines.indexOf(lines[at] as string) === at)
  return new SyncError('CONFIG_INVALID', [...new Set(lines)], { details: { file, problems: distinct } })
}

/** The same of a connector that is no file: what is wrong is told by key alone. */
export function dataError(name: string, problems: readonly Problem[]): SyncError {
  const lines = problems.map(({ key, message }) => `${name}: ${key && `${key}: `}${message}`)
  const found = problems.map(({ key, message }) => ({ key, message }))
  return new SyncError('CONFIG_INVALID', [...new Set(lines)], { details: { file: name, problems: found } })
}
