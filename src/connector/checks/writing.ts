import { isKeys } from '../defaults.ts'
import { bodyFormat, contentTypeOf } from '../request-body.ts'
import type { StreamSubject } from './subject.ts'

/** How rows are written, and what a body may be. */
export function checkWriting({ stream, broken, report }: StreamSubject, shared?: Headers): void {
  const { write, primary_key: key } = stream
  if ((write === 'merge' || write === 'insert_only' || write === 'scd2') && !key && !broken.has('primary_key')) {
    report(['write'], `${write} needs to know which rows are the same: add primary_key, such as primary_key: [id]`)
  }
  if (write === 'scd2' && stream.replace !== undefined)
    report(['replace'], 'a history is never replaced: leave this out', { at: 'key' })
  if (stream.key_nulls === true && (key?.length ?? 0) < 2 && !broken.has('primary_key'))
    report(['key_nulls'], 'only of a primary_key of several fields some may be null', { at: 'key' })
  const repeated = key?.find((field, at) => key.indexOf(field) !== at)
  if (repeated !== undefined) report(['primary_key'], 'a field stands here twice')
  checkBody({ stream, broken, report }, shared)
}

/** Those of the connector, which go with every request. */
type Headers = Readonly<Record<string, string>>

function checkBody({ stream, broken, report }: StreamSubject, shared?: Headers): void {
  const { body } = stream
  if (body === undefined || body === null || broken.has('body_format')) return
  const contentType = contentTypeOf(shared, stream.headers)
  const format = bodyFormat(stream, contentType)
  const sends = format === stream.body_format ? `body_format is ${format}` : 'the Content-Type is that of a form'
  if (isKeys(body) && /^\s*multipart\//i.test(contentType))
    report(
      [contentTypeOf(stream.headers) === '' ? 'body' : 'headers'],
      'a body of several parts cannot be sent: expected application/json or application/x-www-form-urlencoded',
    )
  if (format === 'text' && typeof body !== 'string') report(['body'], 'expected text, as body_format is text')
  if (format !== 'form') return
  if (!isKeys(body)) return report(['body'], `expected keys and values, as ${sends}`)
  for (const [name, value] of Object.entries(body)) {
    const items = Array.isArray(value) ? value : [value]
    if (items.some((item) => item !== null && typeof item === 'object'))
      report(['body', name], 'a form has no nested values: expected text, a number, true or false, or a list of them')
  }
}
