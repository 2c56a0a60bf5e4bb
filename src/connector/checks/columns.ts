import { findDeclarationProblem } from '../../schema/declared-type.ts'
import { legalName } from '../../schema/names.ts'
import type { StreamSubject } from './subject.ts'

/** The types that are declared, and names that no warehouse would take. */
export function checkColumnTypes({ stream, broken, report }: StreamSubject): void {
  if (broken.has('columns')) return
  for (const [field, column] of Object.entries(stream.columns ?? {})) {
    const problem = findDeclarationProblem(column)
    if (problem) report(['columns', field, ...problem.path], problem.message)
    checkSpelling(column, (key, message) => report(['columns', field, key], message))
    if (column.rename !== undefined && column.rename !== '' && legalName(column.rename) !== column.rename) {
      report(
        ['columns', field, 'rename'],
        'expected letters, digits and _, not beginning with a digit or with a name that is kept by a warehouse or by headrace',
      )
    }
    if (isNestedKey(field, stream))
      report(['columns', field, 'type'], `this field is part of primary_key, which is no ${column.type}`)
  }
}

/** How times are spelled says nothing where there are none. */
function checkSpelling(
  { type, format, time_zone: zone }: NonNullable<StreamSubject['stream']['columns']>[string],
  report: (key: 'format' | 'time_zone', message: string) => void,
): void {
  // The fields of a record are declared apart.
  if (format !== undefined && !/^(array ?< ?)?(timestamp|date|datetime)\b/.test(type ?? ''))
    report('format', 'only times are spelled in a format: expected type timestamp, datetime or date')
  if (zone !== undefined && !/^(array ?< ?)?timestamp\b/.test(type ?? ''))
    report('time_zone', 'only a timestamp knows of zones: expected type timestamp')
}

/** What cannot be compared for equality makes no key. */
function isNestedKey(field: string, stream: StreamSubject['stream']): boolean {
  const type = stream.columns?.[field]?.type
  return type !== undefined && /^(array|record|json)/.test(type) && (stream.primary_key?.includes(field) ?? false)
}
