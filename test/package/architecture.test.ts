import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const src = join(root, 'src')
const page = readFileSync(join(src, 'README.md'), 'utf8')

/** The quoted folders of the list in the script that lint runs, from the ground up. */
function readLadder(): readonly string[] {
  const script = readFileSync(join(root, '.ci/ladder.mjs'), 'utf8')
  const [, list = ''] = /const ladder = \[(.*?)\n\]/s.exec(script) ?? []
  return [...list.matchAll(/^ +'([^']+)'/gm)].map(([, folder = '']) => folder)
}

/** The ids of the boxes in the diagram, in their order. */
function readDiagram(): readonly string[] {
  const [, diagram = ''] = /```mermaid\n(.*?)```/s.exec(page) ?? []
  return [...diagram.matchAll(/^ +(\w+)\["(\w+): /gm)].map(([, id = '', label]) => {
    assert.equal(label, id, 'a box is labeled with its folder')
    return id
  })
}

/** Every path in code quotes: relative to src/, or to the root. */
const paths = [...new Set([...page.matchAll(/`([\w.-]+(?:\/[\w.-]+)*(?:\/|\.\w+))`/g)].map(([, path = '']) => path))]

suite('the architecture page', () => {
  test('shows the ladder that lint holds', () => {
    const shown = readDiagram().map((folder) => (folder === 'entries' ? '.' : folder))
    assert.ok(shown.length > 10)
    assert.deepEqual(shown, readLadder())
  })

  test('names only files and folders that exist', () => {
    assert.ok(paths.length > 50, `${paths.length} paths`)
    const missing = paths.filter((path) => !existsSync(join(src, path)) && !existsSync(join(root, path)))
    assert.deepEqual(missing, [])
  })

  test('names functions and types that their files export', () => {
    const named = [...page.matchAll(/`([\w/.-]+\.ts)`(?: \(|, )`(\w+)`/g)]
    assert.ok(named.length > 30, `${named.length} names`)
    for (const [, path = '', name] of named)
      assert.match(
        readFileSync(join(src, path), 'utf8'),
        new RegExp(`^export .*\\b(?:function\\*?|class|interface|type|const) ${name}\\b`, 'm'),
        `${path} exports no ${name}`,
      )
  })
})
