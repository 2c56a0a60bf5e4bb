import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SyncError } from '../../src/base/errors.ts'
import { rememberChecks } from '../../src/inbound/sign-in/token-checks.ts'

const ann = { name: 'ann', aliases: ['ann@acme.example'] }
const refusal = new SyncError('CALLER_UNKNOWN', 'The provider does not know the token.')

suite('checks of tokens', () => {
  test('of junk do not push out what was accepted', async () => {
    let asked = 0
    const check = rememberChecks(
      async (token) => {
        asked++
        if (token !== 'good') throw refusal
        return ann
      },
      () => 0,
    )
    await check('good')
    for (let at = 0; at < 2_000; at++) await assert.rejects(check(`junk-${at}`), refusal)
    const before = asked
    assert.equal(await check('good'), ann)
    await assert.rejects(check('junk-1999'), refusal)
    assert.equal(asked, before)
  })

  test('are eight at a time, a few wait, and the others are told to come back', async () => {
    let open = 0
    let most = 0
    const { promise, resolve } = Promise.withResolvers<void>()
    const check = rememberChecks(
      async () => {
        most = Math.max(most, ++open)
        await promise
        open--
        return ann
      },
      () => 0,
    )
    const calls = Array.from({ length: 60 }, (_, at) => check(`token-${at}`).catch((error: SyncError) => error.code))
    resolve()
    const outcomes = await Promise.all(calls)
    assert.equal(most, 8)
    assert.equal(outcomes.filter((outcome) => outcome === ann).length, 40)
    assert.equal(outcomes.filter((outcome) => outcome === 'CALLER_UNCHECKED').length, 20)
  })

  test('that the provider could not make are made again', async () => {
    let failing = true
    const check = rememberChecks(
      async () => {
        if (failing) throw new SyncError('CALLER_UNCHECKED', 'The provider does not answer.')
        return ann
      },
      () => 0,
    )
    await assert.rejects(check('token'), { code: 'CALLER_UNCHECKED' })
    failing = false
    assert.equal(await check('token'), ann)
  })
})
