import { ROOT_CONTEXT, type Span as ApiSpan, SpanStatusCode, type Tracer, TraceFlags, trace } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import manifest from '../../package.json' with { type: 'json' }
import type { Log } from '../base/log.ts'
import { type Attributes, counters, type Span, type Telemetry } from './telemetry.ts'

/** A collector that does not answer holds a run up no longer than this, in milliseconds. */
const timeoutMs = 3_000

/**
 * Traces and metrics by OTLP over HTTP. Where to and with which headers the exporters read from the environment
 * themselves (OpenTelemetry, "OTLP Exporter Configuration").
 */
export function createOtlpTelemetry(log: Log): Telemetry {
  const resource = resourceFromAttributes({
    'service.name': 'headrace',
    'service.version': manifest.version,
  }).merge(detectResources({ detectors: [envDetector] }))
  const tracers = new TracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ timeoutMillis: timeoutMs }) })],
  })
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ timeoutMillis: timeoutMs }),
    exportTimeoutMillis: timeoutMs,
  })
  const meters = new MeterProvider({ resource, readers: [reader] })
  const tracer = tracers.getTracer('headrace', manifest.version)
  const meter = meters.getMeter('headrace', manifest.version)
  const instruments = Object.fromEntries(
    Object.entries(counters).map(([name, options]) => [name, meter.createCounter(name, options)]),
  )
  const durations = meter.createHistogram('headrace.run.duration', { unit: 's', description: 'Duration of runs' })
  return {
    begin: (name, attributes, traceparent) => startSpan(tracer, name, { attributes, parent: parseParent(traceparent) }),
    count: (counter, value, attributes) => instruments[counter]?.add(value, attributes),
    timeRun: (seconds, attributes) => durations.record(seconds, attributes),
    flush: () =>
      settle([tracers.forceFlush({ timeoutMillis: timeoutMs }), meters.forceFlush({ timeoutMillis: timeoutMs })], log),
    close: () => settle([tracers.shutdown(), meters.shutdown({ timeoutMillis: timeoutMs })], log),
  }
}

async function settle(work: readonly Promise<unknown>[], log: Log): Promise<void> {
  for (const result of await Promise.allSettled(work)) {
    if (result.status === 'rejected') log.warn({ err: result.reason as unknown }, 'telemetry could not be handed over')
  }
}

interface Start {
  readonly attributes: Attributes
  readonly parent: ApiSpan | undefined
}

function startSpan(tracer: Tracer, name: string, { attributes, parent }: Start): Span {
  const context = parent ? trace.setSpan(ROOT_CONTEXT, parent) : ROOT_CONTEXT
  const span = tracer.startSpan(name, { attributes }, context)
  return {
    child: (childName, own = {}) => startSpan(tracer, childName, { attributes: own, parent: span }),
    event: (eventName, own = {}) => void span.addEvent(eventName, own),
    end(own = {}, failure) {
      span.setAttributes(own)
      if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure })
      span.end()
    },
  }
}

/** W3C Trace Context, section 3.2: `00-TRACE-PARENT-FLAGS`; undefined for anything else. */
function parseParent(traceparent: string | undefined): ApiSpan | undefined {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? '') ?? []
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return trace.wrapSpanContext({
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
  })
}
