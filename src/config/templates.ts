import { SyncError } from '../errors.ts'
import type { ApiRequest } from '../http/send.ts'
import type { Connector, StreamConfig } from './connector.ts'
import { toParams } from './query.ts'
import type { Param } from './query.ts'
import { contentTypeOf, renderBody, renderList } from './request-body.ts'
import { renderUrl } from './request-url.ts'
import { renderValue, showValue } from './template-value.ts'
import type { TemplateContext, TemplateScope } from './template-value.ts'

export type { TemplateScope } from './template-value.ts'

/**
 * The request that a listing of `stream` begins with, before its paginator has seen it. A pure function: the same scope gives the
 * same bytes. Throws CONFIG_INVALID, or RESPONSE_INVALID where a value that the API sent cannot be put where the file wants it.
 */
export function renderRequest(connector: Connector, stream: StreamConfig, scope: TemplateScope): ApiRequest {
  const context: TemplateContext = {
    scope,
    where: `stream ${stream.name} of ${connector.file}`,
    include: stream.parent?.include ?? {},
  }
  const body = renderBody(stream, context, contentTypeOf(connector.headers, stream.headers))
  return {
    method: stream.method,
    url: renderUrl(
      {
        baseUrl: connector.base_url,
        stream,
        under: renderParams(connector.params, { style: stream.list_style, context }),
        over: renderParams(stream.params, { style: stream.list_style, context }),
      },
      context,
    ),
    headers: {
      accept: stream.format === 'jsonl' ? 'application/x-ndjson, application/json' : 'application/json',
      ...(body && { 'content-type': body.contentType }),
      ...renderHeaders(connector.headers, context),
      ...renderHeaders(stream.headers, context),
    },
    ...(body && { body: body.text }),
  }
}

function renderParams(
  params: StreamConfig['params'],
  { style, context }: { style: StreamConfig['list_style']; context: TemplateContext },
): readonly Param[] {
  return Object.entries(params).flatMap(([name, value]) => {
    const { texts, list } = renderList(value, context)
    return toParams(name, texts, list ? style : 'single')
  })
}

function renderHeaders(headers: StreamConfig['headers'], context: TemplateContext): Record<string, string> {
  const rendered = Object.entries(headers).flatMap(([name, text]) => {
    const value = text === '' ? '' : renderValue(text, context)
    if (value === undefined) return []
    const shown = showValue(value, { part: { kind: 'text', text: '' }, context })
    if (!isHeaderValue(shown)) {
      const message = `The header ${name} in ${context.where} would hold characters that no header may hold, such as a line break.`
      throw new SyncError('CONFIG_INVALID', message)
    }
    return [[name.toLowerCase(), shown.trim()] as const]
  })
  return Object.fromEntries(rendered)
}

/** Visible characters, spaces and tabs (RFC 9110 section 5.5); never a line break. */
export const isHeaderValue = (text: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(text)
