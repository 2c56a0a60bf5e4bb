import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const page = read('.github/CONTRIBUTING.md')
const { scripts, devDependencies } = JSON.parse(read('package.json')) as Record<
  'scripts' | 'devDependencies',
  Readonly<Record<string, string>>
>

suite('the page for contributors', () => {
  test('names scripts that package.json has', () => {
    const named = [...page.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name)
    assert.ok(named.includes('lint:quick') && named.includes('check'), named.join())
    assert.deepEqual(
      named.filter((name) => !Object.hasOwn(scripts, name)),
      [],
    )
  })

  test('names files that exist, and folders for those that are to be added', () => {
    const paths = [...page.matchAll(/(?<![\w/.-])((?:src|test|deploy|\.ci|\.github)\/[\w./-]*\w\/?)/g)]
      .map(([, path = '']) => (path.includes('NAME') ? dirname(path.slice(0, path.indexOf('NAME') + 1)) : path))
      .filter((path) => !path.includes('*'))
    assert.ok(paths.length > 50, `${paths.length} paths`)
    assert.deepEqual(
      paths.filter((path) => !existsSync(join(root, path))),
      [],
    )
  })

  test('names functions, lists and types that their files export', () => {
    const named = [...page.matchAll(/`([\w/.-]+\.ts)` \(`(\w+)`/g)]
    assert.ok(named.length > 10, `${named.length} names`)
    for (const [, path = '', name] of named)
      assert.match(read(path), new RegExp(`^export .*\\b(?:function|interface|type|const) ${name}\\b`, 'm'), path)
  })

  test('starts with the Node that the dependencies bring, which .nvmrc names too', () => {
    const major = /^(\d+)\./.exec(devDependencies['node'] ?? '')?.[1]
    assert.equal(read('.nvmrc').trim(), major)
    assert.match(page, new RegExp(`PATH="\\$PWD/node_modules/.bin:\\$PATH" +# Node ${major} `))
    assert.equal(process.versions.node.split('.')[0], major)
  })

  test('has a quick lint that is the whole one but for the rules that need types', () => {
    assert.equal(scripts['lint:quick'], scripts['lint']?.replace(' --type-aware', ''))
    assert.notEqual(scripts['lint:quick'], scripts['lint'])
    // The configuration would turn them on for both.
    assert.doesNotMatch(read('.oxlintrc.json'), /typeAware/)
  })
})
