import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { findConnector, loadConnector } from '../../src/connector/load.ts'
import { isConnectorName } from '../../src/connector/find.ts'
import { example } from './example.ts'

let dir = ''

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'headrace-config-'))
  await writeFile(join(dir, 'acme.yaml'), example)
  await writeFile(join(dir, 'other.json'), '{}')
})

after(() => rm(dir, { recursive: true }))

test('a name is looked up in the directory, a path is taken as it is', async () => {
  assert.equal(await findConnector('acme', dir), join(dir, 'acme.yaml'))
  assert.equal(await findConnector('other', dir), join(dir, 'other.json'))
  assert.equal(await findConnector(join(dir, 'acme.yaml'), 'nowhere'), join(dir, 'acme.yaml'))
  assert.equal((await loadConnector(join(dir, 'acme.yaml'))).name, 'acme')
})

test('an unknown name or path is answered with the nearest', async () => {
  await assert.rejects(findConnector('acne', dir), {
    code: 'CONNECTOR_NOT_FOUND',
    message: /did you mean acme\?.*it holds acme and other/,
  })
  await assert.rejects(findConnector(join(dir, 'acme.yml'), dir), {
    code: 'CONNECTOR_NOT_FOUND',
    message: /did you mean acme\.yaml\?/,
  })
  await assert.rejects(loadConnector(join(dir, 'acme.yml')), {
    code: 'CONNECTOR_NOT_FOUND',
    message: /did you mean acme\.yaml\?/,
  })
  await assert.rejects(findConnector('acme', join(dir, 'none')), {
    code: 'CONNECTOR_NOT_FOUND',
    message: /headrace init/,
  })
})

test('only a plain name counts as a name, so that a trigger cannot reach other files', () => {
  for (const name of ['acme', 'acme-2', 'A_b']) assert.ok(isConnectorName(name))
  for (const path of ['../acme', 'a/b', 'acme.yaml', '', '.', '..', 'a\\b', 'a\0', '/etc/passwd'])
    assert.ok(!isConnectorName(path))
})

test('a file that is no connector file at all says so', async () => {
  const reject = (path: string, message: RegExp) =>
    assert.rejects(loadConnector(path), { code: 'CONFIG_INVALID', message })
  await mkdir(join(dir, 'sub.yaml'))
  await reject(join(dir, 'sub.yaml'), /is a directory/)
  await writeFile(join(dir, 'latin.yaml'), Buffer.from('name: caf\xe9', 'latin1'))
  await reject(join(dir, 'latin.yaml'), /not valid UTF-8/)
  await writeFile(join(dir, 'large.yaml'), '# '.padEnd(1024 * 1024 + 1, 'x'))
  await reject(join(dir, 'large.yaml'), /at most 1 MiB/)
  await reject('/dev/zero', /at most 1 MiB/)
})

test(
  'a file that may not be read says what to do',
  { skip: process.getuid?.() === 0 && 'root may read everything' },
  async () => {
    const path = join(dir, 'closed.yaml')
    await writeFile(path, example)
    await chmod(path, 0)
    await assert.rejects(loadConnector(path), { code: 'CONFIG_INVALID', message: /chmod/ })
  },
)
