import type { IncomingHttpHeaders } from 'node:http'

/**
 * The caller's trace as W3C Trace Context spells it: from `traceparent`, else from the older header of Google Cloud
 * (`X-Cloud-Trace-Context: TRACE_ID/SPAN_ID;o=OPTIONS`, the span in decimal); undefined where there is neither.
 */
export function readTrace(headers: IncomingHttpHeaders): string | undefined {
  const { traceparent, 'x-cloud-trace-context': google } = headers
  if (typeof traceparent === 'string' && /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent))
    return traceparent
  const [, trace, span, options] = /^([0-9a-f]{32})\/(\d{1,20})(?:;o=(\d))?$/.exec(String(google ?? '')) ?? []
  if (trace === undefined || span === undefined) return undefined
  const id = BigInt.asUintN(64, BigInt(span)).toString(16).padStart(16, '0')
  return `00-${trace}-${id}-0${options === '1' ? 1 : 0}`
}

/** What ties a log line to a trace (Cloud Logging, "Special fields in structured payloads"). */
export function traceFields(traceparent: string | undefined, project: string | undefined): object {
  const [, trace, span, flags] = traceparent?.split('-') ?? []
  if (trace === undefined || span === undefined || !project) return {}
  return {
    'logging.googleapis.com/trace': `projects/${project}/traces/${trace}`,
    'logging.googleapis.com/spanId': span,
    'logging.googleapis.com/trace_sampled': flags === '01',
  }
}
