import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SyncError } from '../../src/base/errors.ts'
import { type LogOptions, addFields, createLog } from '../../src/base/log.ts'

function collect(options: Partial<LogOptions>) {
  const lines: string[] = []
  const redact = (text: string): string => text.replaceAll('hunter22', '[secret]')
  const log = createLog({ level: 'trace', format: 'json', redact, write: (line) => lines.push(line), ...options })
  return { log, lines }
}

suite('the log', () => {
  test('no line holds a secret, be it in the message, a field, an error or its stack', () => {
    for (const format of ['json', 'short'] as const) {
      const { log, lines } = collect({ format })
      const cause = new Error('because of hunter22')
      const err = new SyncError('API_REFUSED', 'refused hunter22', { cause })
      log.error({ url: 'http://x/?key=hunter22', nested: { deep: ['hunter22'] }, err }, 'it was hunter22')
      assert.match(lines.join(''), /\[secret\]/)
      assert.doesNotMatch(lines.join(''), /hunter22/)
    }
  })

  test('a line of JSON has what Cloud Logging reads: severity, message and time', () => {
    const { log, lines } = collect({})
    log.warn({ stream: 'orders', rows: 3 }, 'late')
    log.trace({}, 'detail')
    const [warning, detail] = lines.map((line) => JSON.parse(line) as Record<string, string>)
    assert.deepEqual([warning?.['severity'], warning?.['message'], warning?.['rows']], ['WARNING', 'late', 3])
    assert.deepEqual(warning?.['logging.googleapis.com/labels'], { stream: 'orders' })
    assert.equal(new Date(warning?.['time'] ?? '').toISOString(), warning?.['time'])
    assert.equal(detail?.['severity'], 'DEBUG')
  })

  test('no two lines have the same id, and the ids of a process tell their order', () => {
    const { log, lines } = collect({})
    for (let at = 0; at < 12; at++) log.info({}, 'same')
    const ids = lines.map((line) => (JSON.parse(line) as Record<string, string>)['logging.googleapis.com/insertId'])
    assert.equal(new Set(ids).size, 12)
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1)),
    )
  })

  test('fields that are added once stand in every line', () => {
    const { log, lines } = collect({ format: 'short' })
    addFields(log, { seq: 1 }).info({ rows: 2 }, 'committed')
    assert.deepEqual(lines, ['info   committed  seq=1  rows=2\n'])
  })

  test('a stack is written at level trace only', () => {
    for (const format of ['json', 'short'] as const) {
      for (const [level, shown] of [
        ['debug', false],
        ['trace', true],
      ] as const) {
        const { log, lines } = collect({ format, level })
        log.error({ err: new Error('x') }, 'failed')
        assert.equal(/ {4}at /.test(lines.join('')), shown)
      }
    }
  })

  test('what is below its level is not written', () => {
    const { log, lines } = collect({ level: 'warn', format: 'short' })
    log.info({}, 'quiet')
    log.warn({ seq: 3 }, 'loud')
    assert.deepEqual(lines, ['warn   loud  seq=3\n'])
  })
})
