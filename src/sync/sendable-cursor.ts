import type { StreamConfig } from '../connector/connector.ts'
import { filtersCursor, findTemplateUse } from '../connector/template-use.ts'
import { unsendable } from '../syntax/template-value.ts'
import { renderRequest } from '../connector/templates.ts'
import { partitions } from './slice-values.ts'
import type { JobOptions } from './job-options.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'

/** Values that can stand everywhere: most are such. */
const plain = /^[\x21-\x7e](?:[\x20-\x7e]{0,200}[\x21-\x7e])?$/

/**
 * Whether a request of the stream can hold a value as its `{{ cursor }}`; undefined where none does. A value that cannot
 * be sent must not become the cursor, as every later run would fail before its first request.
 */
export function sendableCursor(
  { connector, runId, env, now }: Pick<JobOptions, 'connector' | 'runId' | 'env'> & { readonly now: number },
  stream: StreamConfig,
): ((value: CursorValue) => boolean) | undefined {
  if (!findTemplateUse(connector, stream).cursor) return undefined
  const mayFail = filtersCursor(connector, stream)
  // What else the request is made of is not what is asked for.
  const parent = Object.fromEntries(Object.keys(stream.parent?.include ?? {}).map((name) => [name, 'x']))
  const partition = stream.partitions && partitions(stream.partitions)[0]?.partition
  return (value) => {
    if (!mayFail && plain.test(String(value)) && !/^\.{1,2}$/.test(String(value))) return true
    const scope = {
      cursor: value,
      parent,
      ...(partition && { partition }),
      now,
      run: { id: runId },
      env,
    }
    try {
      renderRequest(connector, stream, scope)
      return true
    } catch (thrown) {
      return unsendable(thrown)?.root !== 'cursor'
    }
  }
}
