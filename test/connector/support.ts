import assert from 'node:assert/strict'
import { parseConnector } from '../../src/connector/load.ts'
import type { Problem } from '../../src/connector/problems.ts'
import type { Connector, StreamConfig } from '../../src/connector/connector.ts'
import { SyncError } from '../../src/base/errors.ts'

/** A connector whose streams (YAML, indented by nothing) are given; line 4 of the file is the first line of `streams`. */
export const withStreams = (streams: string, head = ''): string =>
  `name: acme\nbase_url: https://api.acme.example/v1\n${head}streams:\n${streams}`

/** Every problem of a file that must not load. */
export function problemsOf(text: string): readonly Problem[] {
  try {
    parseConnector(text, 'acme.yaml')
  } catch (error) {
    assert(error instanceof SyncError)
    assert.equal(error.code, 'CONFIG_INVALID')
    const problems = error.details['problems'] as readonly Problem[]
    assert.equal(error.message.split('\n').length, problems.length)
    return problems
  }
  assert.fail('the file loaded')
}

/** `line:column key` of every problem. */
export const places = (text: string): readonly string[] =>
  problemsOf(text).map(({ line, column, key }) => `${line}:${column} ${key}`)

/** The one problem of a file, as `line:column key: message`. */
export function onlyProblem(text: string): string {
  const problems = problemsOf(text)
  assert.equal(problems.length, 1, problems.map(({ key, message }) => `${key}: ${message}`).join('\n'))
  const { line, column, key, message } = problems[0] as Problem
  return `${line}:${column} ${key}: ${message}`
}

export const load = (text: string): Connector => parseConnector(text, 'acme.yaml')

/** The first stream of a connector. */
export function firstStream(connector: Connector): StreamConfig {
  const [stream] = connector.streams
  assert(stream)
  return stream
}
