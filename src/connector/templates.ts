import { acceptOf } from '../decode/index.ts'
import type { ApiRequest } from '../http/send.ts'
import type { Connector, StreamConfig } from './connector.ts'
import { formatsOf } from '../syntax/cursor-format.ts'
import { toParams, type Param } from '../syntax/query.ts'
import { contentTypeOf, renderBody, renderList } from './request-body.ts'
import { longestRequest, renderUrl } from './request-url.ts'
import {
  renderValue,
  showValue,
  sourceOf,
  valueError,
  type TemplateContext,
  type TemplateScope,
} from '../syntax/template-value.ts'

export type { TemplateScope } from '../syntax/template-value.ts'

/** What of a connector and of a stream a request is made of. */
export type RequestConnector = Pick<Connector, 'file' | 'base_url' | 'params' | 'headers'>
export type RequestStream = Pick<StreamConfig, 'name' | 'method' | 'params' | 'headers' | 'list_style' | 'format'> &
  Partial<Pick<StreamConfig, 'path' | 'url' | 'body' | 'body_format' | 'parent' | 'incremental'>>

/**
 * The request that a listing of `stream` begins with, before its paginator has seen it. A pure function: the same scope gives the
 * same bytes. Throws CONFIG_INVALID, or RESPONSE_INVALID where a value that the API sent cannot be put where the file wants it.
 */
export function renderRequest(connector: RequestConnector, stream: RequestStream, scope: TemplateScope): ApiRequest {
  const context: TemplateContext = {
    scope,
    where: `stream ${stream.name} of ${connector.file}`,
    include: stream.parent?.include ?? {},
    spelling: { formats: formatsOf(stream.incremental ?? {}) ?? [], zone: stream.incremental?.time_zone },
  }
  const body = renderBody(stream, context, contentTypeOf(connector.headers, stream.headers))
  return {
    method: stream.method,
    url: renderUrl(
      {
        baseUrl: connector.base_url,
        stream,
        templates: { ...connector.params, ...stream.params },
        under: renderParams(connector.params, { style: stream.list_style, context }),
        over: renderParams(stream.params, { style: stream.list_style, context }),
      },
      context,
    ),
    headers: {
      accept: acceptOf(stream.format),
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
    const place = { part: sourceOf(text, context), context }
    const shown = showValue(value, place)
    if (!isHeaderValue(shown))
      throw valueError(
        `cannot stand in the header ${name}, as it holds a line break or characters beyond Latin-1`,
        place,
      )
    if (shown.length > longestRequest)
      throw valueError(`makes the header ${name} longer than ${longestRequest} characters, which servers refuse`, place)
    return [[name.toLowerCase(), shown.trim()] as const]
  })
  return Object.fromEntries(rendered)
}

/** Visible characters, spaces and tabs (RFC 9110 section 5.5); never a line break. */
export const isHeaderValue = (text: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(text)
