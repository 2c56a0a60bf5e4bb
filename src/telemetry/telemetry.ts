export type Attributes = Readonly<Record<string, string | number | boolean>>

/** A piece of work that is timed. */
export interface Span {
  /** Begins a piece of work that is part of this one. */
  child(name: string, attributes?: Attributes): Span
  /** Something that happened in the midst of it. */
  event(name: string, attributes?: Attributes): void
  /** Once. `failure` marks it as failed; it holds no secret. */
  end(attributes?: Attributes, failure?: string): void
}

/** What is counted over all runs of a process; names and units as OpenTelemetry wants them. */
export const counters = {
  'headrace.runs': { unit: '{run}', description: 'Runs that ended' },
  'headrace.rows': { unit: '{row}', description: 'Rows committed' },
  'headrace.requests': { unit: '{request}', description: 'Requests sent to providers' },
  'headrace.retries': { unit: '{request}', description: 'Requests among them that were sent again' },
  'headrace.received': { unit: 'By', description: 'Bytes of bodies, decompressed' },
} as const

/** Traces and metrics of what this process does. */
export interface Telemetry {
  /** Begins a piece of work of its own, or one within the caller's trace (`traceparent` of W3C Trace Context). */
  begin(name: string, attributes: Attributes, traceparent?: string): Span
  count(counter: keyof typeof counters, value: number, attributes: Attributes): void
  /** The duration of a run, in seconds. */
  timeRun(seconds: number, attributes: Attributes): void
  /** Hands over what has gathered. Never throws: whoever watches must not stop what is watched. */
  flush(): Promise<void>
  /** Hands over the rest and ends; for a process that goes on without it. Never throws. */
  close(): Promise<void>
}

const noSpan: Span = { child: () => noSpan, event: () => undefined, end: () => undefined }

/** Where no exporter is configured. */
export const noTelemetry: Telemetry = {
  begin: () => noSpan,
  count: () => undefined,
  timeRun: () => undefined,
  flush: () => Promise.resolve(),
  close: () => Promise.resolve(),
}

const endpoints = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
] as const

/** Whether an exporter is configured (OpenTelemetry, "OTLP Exporter Configuration" and "General SDK Configuration"). */
export function wantsTelemetry(env: Readonly<Record<string, string | undefined>>): boolean {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return false
  return endpoints.some((name) => Boolean(env[name]))
}
