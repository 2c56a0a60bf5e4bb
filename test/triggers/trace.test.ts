import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTrace, traceFields } from '../../src/triggers/trace.ts'

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'

test('the trace of a caller is read from both headers, the standard one first', () => {
  const traceparent = `00-${trace}-00f067aa0ba902b7-01`
  const google = `105445aa7843bc8bf206b12000100000/1;o=1`
  assert.equal(readTrace({ traceparent, 'x-cloud-trace-context': google }), traceparent)
  assert.equal(
    readTrace({ 'x-cloud-trace-context': google }),
    '00-105445aa7843bc8bf206b12000100000-0000000000000001-01',
  )
  assert.equal(
    readTrace({ 'x-cloud-trace-context': `${trace}/18446744073709551615` }),
    `00-${trace}-ffffffffffffffff-00`,
  )
})

test('a header that is no trace is passed over', () => {
  for (const wrong of ['', 'x', `00-${trace}`, `${trace}/`, `${trace}/1;o=1;x`, '../../etc'])
    assert.equal(readTrace({ traceparent: wrong, 'x-cloud-trace-context': wrong }), undefined, wrong)
})

test('log lines name the trace as Cloud Logging wants it, where the project is known', () => {
  assert.deepEqual(traceFields(`00-${trace}-00f067aa0ba902b7-01`, 'acme-data'), {
    'logging.googleapis.com/trace': `projects/acme-data/traces/${trace}`,
    'logging.googleapis.com/spanId': '00f067aa0ba902b7',
    'logging.googleapis.com/trace_sampled': true,
  })
  assert.deepEqual(traceFields(undefined, 'acme-data'), {})
  assert.deepEqual(traceFields(`00-${trace}-00f067aa0ba902b7-01`, undefined), {})
})
