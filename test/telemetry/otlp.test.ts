import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { wantsTelemetry } from '../../src/telemetry/telemetry.ts'
import { connectorText, makeTempDir, runCli, servePages, startApi } from '../cli/support.ts'

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: number }
}

interface ExportedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly attributes: readonly Attribute[]
  readonly events?: readonly { readonly name: string }[]
  readonly status?: { readonly code?: number; readonly message?: string }
}

interface Metric {
  readonly name: string
  readonly sum?: { readonly dataPoints: readonly { readonly asInt?: number; readonly asDouble?: number }[] }
}

/** A collector that takes OTLP as JSON. */
async function startCollector(status = 200) {
  const spans: ExportedSpan[] = []
  const metrics: Metric[] = []
  const texts: string[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (part: string) => (text += part))
    request.on('end', () => {
      texts.push(text)
      const body = JSON.parse(text) as {
        resourceSpans?: { scopeSpans: { spans: ExportedSpan[] }[] }[]
        resourceMetrics?: { scopeMetrics: { metrics: Metric[] }[] }[]
      }
      for (const { scopeSpans } of body.resourceSpans ?? []) spans.push(...scopeSpans.flatMap((scope) => scope.spans))
      for (const { scopeMetrics } of body.resourceMetrics ?? [])
        metrics.push(...scopeMetrics.flatMap((scope) => scope.metrics))
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    metrics,
    texts,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

suite('telemetry', () => {
  test('a run leaves a trace of its stream and its requests, and counts its rows', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(3))
    await using collector = await startCollector()
    dir.write('acme.yaml', connectorText(api.url))
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }
    const { code, stderr } = await runCli(['run', 'acme.yaml', '--to', 'duckdb:w.duckdb'], { cwd: dir.path, env })
    assert.equal(code, 0, stderr)
    const run = collector.spans.find(({ name }) => name === 'run acme')
    const stream = collector.spans.find(({ name }) => name === 'stream orders')
    const requests = collector.spans.filter(({ name }) => name === 'GET')
    assert.equal(stream?.parentSpanId, run?.spanId)
    assert.ok(requests.length >= 3)
    assert.ok(requests.every((span) => span.parentSpanId === stream?.spanId && span.traceId === run?.traceId))
    assert.deepEqual(
      stream?.events?.map(({ name }) => name),
      ['commit'],
    )
    const rows = collector.metrics.find(({ name }) => name === 'headrace.rows')
    assert.equal(Number(rows?.sum?.dataPoints[0]?.asInt ?? rows?.sum?.dataPoints[0]?.asDouble), 30)
  })

  test('a collector that is not there or answers errors does not harm the run', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(1))
    await using collector = await startCollector(400)
    dir.write('acme.yaml', connectorText(api.url))
    for (const url of [collector.url, 'http://127.0.0.1:9']) {
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_TIMEOUT: '1000' }
      const { code, stderr } = await runCli(['run', 'acme.yaml', '--to', 'duckdb:w.duckdb'], { cwd: dir.path, env })
      assert.equal(code, 0, stderr)
    }
  })

  test('is wanted only where an exporter is configured, and not where it is switched off', () => {
    assert.equal(wantsTelemetry({}), false)
    assert.equal(wantsTelemetry({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces' }), true)
    assert.equal(wantsTelemetry({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_SDK_DISABLED: 'true' }), false)
  })
})
