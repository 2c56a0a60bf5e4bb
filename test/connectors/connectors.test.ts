import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import type { Connector, StreamConfig } from '../../src/connector/connector.ts'
import { loadConnector } from '../../src/connector/load.ts'
import { renderRequest } from '../../src/connector/templates.ts'
import { compilePath, memberAt, setPath, simplePath } from '../../src/base/json/path.ts'
import { findRowsPath } from '../../src/decode/rows-path.ts'
import type { ApiRequest } from '../../src/http/send.ts'
import { createPaginator } from '../../src/paginators/index.ts'
import { isEnd, type PageView } from '../../src/paginators/paginator.ts'

interface Expected {
  /** As a person reads it: percent-encoding undone. */
  readonly url: string
  readonly body?: unknown
}

/** Two answers of the documented shape, the second of them the last, and the requests that lead to them. */
interface Fixture {
  readonly cursor: string | number | null
  readonly first: Expected
  readonly answers: readonly [Answer, Answer]
  /** The answer without rows that comes third, where nothing else tells the end. */
  readonly end?: Answer
  readonly next: Expected
  /** Rows on a full page, where that is more than the fixture shows. */
  readonly size?: number
  readonly errors?: readonly { readonly then: string; readonly body: unknown }[]
}

interface Answer {
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

const folder = join(import.meta.dirname, '../../deploy/connectors')
const now = Date.parse('2026-01-10T00:00:00Z')

const rowsPathOf = (stream: StreamConfig): string => {
  assert.ok(stream.rows, `${stream.name} says where its rows are`)
  return stream.rows
}

function firstRequest(connector: Connector, stream: StreamConfig, cursor: Fixture['cursor']): ApiRequest {
  const partition = Array.isArray(stream.partitions) ? stream.partitions[0] : undefined
  return renderRequest(connector, stream, { cursor, now, run: { id: 'run' }, env: {}, ...(partition && { partition }) })
}

/** A page as the decoder gives it: rows that a simple path points to are taken out of the envelope. */
function view(request: ApiRequest, { headers = {}, body }: Answer, path: string): PageView {
  const rows = compilePath(path)(body)
  const names = simplePath(path)
  const taken = names && (names.length === 0 ? [] : setPath(body, path.replace(/\[\*\]$/, ''), []))
  return {
    request,
    url: request.url,
    headers,
    envelope: taken ?? body,
    rowCount: rows.length,
    lastRow: () => rows.at(-1),
  }
}

const shown = ({ url, body }: ApiRequest): Expected => ({
  url: decodeURIComponent(url.replaceAll('+', ' ')),
  ...(body !== undefined && { body: JSON.parse(body) as unknown }),
})

const readable = (expected: Expected): Expected => ({ ...expected, url: decodeURIComponent(expected.url) })

for (const file of (await readdir(folder)).filter((name) => name.endsWith('.yaml'))) {
  const name = basename(file, '.yaml')
  const connector = await loadConnector(join(folder, file))
  const text = await readFile(join(import.meta.dirname, 'fixtures', `${name}.json`), 'utf8')
  const fixtures = JSON.parse(text) as Readonly<Record<string, Fixture>>

  test(`${name}: the file is named after its connector, and a documented answer is known for each stream`, () => {
    assert.equal(connector.name, name)
    assert.deepEqual(connector.streams.map((stream) => stream.name).toSorted(), Object.keys(fixtures).toSorted())
  })

  for (const stream of connector.streams) {
    const fixture = fixtures[stream.name] as Fixture
    const paginator = createPaginator(stream.paginator, { stop: stream.stop, maxPages: stream.max_pages })
    const path = rowsPathOf(stream)

    test(`${name}.${stream.name}: the requests are those that the provider documents, and the last page ends the listing`, () => {
      assert.notEqual(stream.paginator.type, 'auto')
      const first = paginator.first(firstRequest(connector, stream, fixture.cursor))
      assert.deepEqual(shown(first), readable(fixture.first))
      const page = view(first, fixture.answers[0], path)
      const next = paginator.next({ ...page, rowCount: fixture.size ?? page.rowCount })
      assert.ok(!isEnd(next))
      assert.deepEqual(shown(next), readable(fixture.next))
      assert.equal(next.method, first.method)
      assert.deepEqual(next.headers, first.headers)
      const last = paginator.next(view(next, fixture.answers[1], path))
      assert.equal(isEnd(last), fixture.end === undefined)
      if (fixture.end && !isEnd(last)) assert.ok(isEnd(paginator.next(view(last, fixture.end, path))))
    })

    test(`${name}.${stream.name}: the rows of the documented answer bear the key and the cursor`, () => {
      for (const { body } of fixture.answers) {
        const rows = compilePath(path)(body)
        assert.ok(rows.length > 0)
        for (const row of rows) {
          const fields = [...(stream.primary_key ?? []), ...(stream.incremental ? [stream.incremental.cursor] : [])]
          for (const field of fields) assert.notEqual(memberAt(row, field.split('.')) ?? null, null, field)
        }
      }
    })

    test(`${name}.${stream.name}: where the rows are found without being told, they are the same`, () => {
      const found = findRowsPath(fixture.answers[0].body)
      if ('path' in found) assert.deepEqual(found.path, simplePath(path))
      else assert.ok(found.candidates.includes(path) || found.candidates.length > 1, found.candidates.join())
    })

    test(`${name}.${stream.name}: documented refusals meet the rule that is meant for them, and good answers meet none`, () => {
      const ruleFor = (body: unknown) =>
        stream.errors.find((rule) => rule.body !== undefined && compilePath(rule.body)(body).length > 0)
      for (const { then, body } of fixture.errors ?? []) assert.equal(ruleFor(body)?.then, then)
      for (const { body } of fixture.answers) assert.equal(ruleFor(body), undefined)
    })
  }
}
