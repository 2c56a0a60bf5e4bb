import { checkColumnTypes } from './columns.ts'
import { checkCursor } from './cursor.ts'
import { checkDeletes } from './deletes.ts'
import { checkDestination } from './destination.ts'
import { checkLayout } from './layout.ts'
import { checkLiterals } from './literals.ts'
import { checkNames } from './names.ts'
import { checkPaging, checkPatterns } from './paging.ts'
import { checkSchedule } from './schedule.ts'
import type { ConnectorSubject } from './subject.ts'
import { checkSlices } from './slices.ts'
import { checkTemplates } from './templates.ts'
import { checkTls } from './tls.ts'
import { checkUrls } from './urls.ts'
import { checkWriting } from './writing.ts'

/** Every rule that one key alone cannot tell. Each looks at what could be understood, so that all problems show at once. */
export function checkConnector(subject: ConnectorSubject): void {
  checkNames(subject)
  checkUrls(subject)
  checkLiterals(subject)
  checkTls(subject)
  checkTemplates(subject)
  checkSlices(subject)
  checkSchedule(subject)
  checkDestination(subject)
  for (const stream of subject.streams) {
    checkPaging(stream)
    checkPatterns(stream)
    checkWriting(stream, subject.connector.headers)
    checkCursor(stream)
    checkColumnTypes(stream)
    checkLayout(stream)
    checkDeletes(stream, subject.streams)
  }
}
