import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { makeRows, startProvider } from '../support/provider.ts'
import { readRun, connectorText, createWorkspace, type Workspace } from '../support/workspace.ts'

const all = { rows: 100, ids: 100, sum: 5050 }
const modes = { append: ['write: append'], merge: ['write: merge', 'primary_key: [id]'] } as const

suite('a run', { concurrency: 2 }, () => {
  for (const [mode, stream] of Object.entries(modes)) {
    test(`beside another one on the same file in ${mode} leaves each row once`, async () => {
      await using provider = await startProvider({ rows: makeRows(100), pageSize: 10, delay: 150 })
      using space = createWorkspace()
      space.writeConnector(connectorText(provider.url, { stream }))
      const runs = await Promise.all([space.run(), space.run()])
      const failed = runs.filter((run) => run.code !== 0)
      assert.ok(failed.length <= 1, failed.map((run) => run.stderr).join('\n'))
      for (const run of failed) {
        assert.equal(run.code, 1)
        assert.match(run.error?.code ?? '', /^(DESTINATION_BUSY|STATE_CONFLICT)$/, run.stdout)
      }
      assert.deepEqual(await space.count(), all)
      assert.equal((await space.run()).code, 0)
      assert.deepEqual(await space.count(), all)
    })
  }

  test('that is interrupted once finishes its batch, commits and exits with 130; the next goes on from there', async () => {
    await using provider = await startProvider({ rows: makeRows(100), pageSize: 10, delay: 100 })
    using space = createWorkspace()
    space.writeConnector(connectorText(provider.url, { stream: ['write: append'] }))
    const child = space.start('--json')
    provider.watch(({ page }) => void (page === 4 && child.kill('SIGINT')))
    const cut = readRun(await child.result)
    assert.equal(cut.code, 130, cut.stderr)
    assert.equal(cut.stream.status, 'handed_over')
    const { rows } = await space.count()
    assert.ok(rows >= 30 && rows < 100, `${rows} rows`)
    provider.watch()
    await assertFinishes(space)
    assert.ok((provider.received[0]?.page ?? 0) > 1, 'it began at page one again')
  })

  test('that is interrupted twice stops now with 130; the next one leaves each row once', async () => {
    await using provider = await startProvider({ rows: makeRows(100), pageSize: 10, delay: 300 })
    using space = createWorkspace()
    space.writeConnector(connectorText(provider.url, { stream: ['write: append'] }))
    const child = space.start()
    provider.watch(({ page }) => {
      if (page !== 3) return
      child.kill('SIGINT')
      setTimeout(() => child.kill('SIGINT'), 30)
    })
    assert.equal((await child.result).code, 130)
    provider.watch()
    await assertFinishes(space)
  })

  test('that reaches its budget exits with 3, all committed; the next goes on from there', async () => {
    await using provider = await startProvider({ rows: makeRows(100), pageSize: 10, delay: 400 })
    using space = createWorkspace()
    space.writeConnector(connectorText(provider.url, { stream: ['write: append'] }))
    const cut = await space.run('--budget', '2')
    assert.equal(cut.code, 3, cut.stderr)
    assert.equal(cut.record.status, 'handed_over')
    assert.equal((await space.count()).rows, cut.stream.rows)
    assert.ok(cut.stream.rows > 0 && cut.stream.rows < 100, `${cut.stream.rows} rows`)
    provider.watch()
    await assertFinishes(space)
    assert.ok((provider.received[0]?.page ?? 0) > 1, 'it began at page one again')
  })

  test('after a complete one asks only for what is new and adds nothing twice', async () => {
    await using provider = await startProvider({ rows: makeRows(95), pageSize: 10 })
    using space = createWorkspace()
    space.writeConnector(connectorText(provider.url, { stream: ['write: append'] }))
    assert.equal((await space.run()).code, 0)
    provider.setRows(makeRows(100))
    provider.watch()
    const second = await space.run()
    assert.equal(second.stream.rows, 5)
    assert.match(provider.received[0]?.url ?? '', /updated_since=2024-01-01/)
    assert.deepEqual(await space.count(), all)
  })
})

async function assertFinishes(space: Workspace): Promise<void> {
  const run = await space.run()
  assert.equal(run.code, 0, run.stderr)
  assert.deepEqual(await space.count(), all)
}
