import { type Unsendable, unsendable } from '../../syntax/template-value.ts'
import { renderRequest, type TemplateScope } from '../templates.ts'
import type { ConnectorSubject, StreamSubject } from './subject.ts'

const requestDefaults = { name: '', method: 'GET', list_style: 'repeat', format: 'json' } as const

/** Which of the values of a stream no request of it can hold; values that are not known here are taken for a letter. */
export function findUnsendable(
  { base_url: base, params, headers }: ConnectorSubject['connector'],
  stream: StreamSubject['stream'],
  values: Pick<TemplateScope, 'cursor' | 'partition'>,
): Unsendable | undefined {
  const shared = {
    file: 'the file',
    base_url: base ?? 'http://localhost',
    params: params ?? {},
    headers: headers ?? {},
  }
  const own = { ...requestDefaults, ...stream, params: stream.params ?? {}, headers: stream.headers ?? {} }
  const parent = Object.fromEntries(Object.keys(stream.parent?.include ?? {}).map((name) => [name, 'x']))
  const names = JSON.stringify([shared, own]).matchAll(/\benv\.(\w+)/g)
  const env = Object.fromEntries(Array.from(names, ([, name]) => [name, 'x']))
  try {
    renderRequest(shared, own, { cursor: '2024-01-01T00:00:00Z', parent, ...values, now: 0, run: { id: 'x' }, env })
    return undefined
  } catch (thrown) {
    return unsendable(thrown)
  }
}
