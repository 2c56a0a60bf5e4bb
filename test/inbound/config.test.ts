import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SyncError } from '../../src/base/errors.ts'
import { callerSyntax, foldName, joinRights, parseAllowList, peopleSyntax } from '../../src/inbound/allow-list.ts'
import { parseInbound } from '../../src/inbound/config.ts'
import { runCli } from '../cli/support.ts'

const signIn = {
  HEADRACE_SIGN_IN_PROVIDER: 'google',
  HEADRACE_SIGN_IN_CLIENT_ID: 'id',
  HEADRACE_SIGN_IN_CLIENT_SECRET: 'secret:id',
  HEADRACE_SIGN_IN_KEY: 'secret:key',
  HEADRACE_SIGN_IN_ALLOW: '@acme.example',
}
const open = { HEADRACE_INBOUND: 'verify', HEADRACE_AUDIENCE: 'https://a.example', HEADRACE_URL: 'https://a.example/' }

function refusal(env: Record<string, string>): string {
  try {
    parseInbound(env)
  } catch (thrown) {
    assert.ok(thrown instanceof SyncError && thrown.code === 'CONFIG_INVALID')
    return thrown.message
  }
  throw new Error('it was not refused')
}

suite('names on a list', () => {
  test('lose the case of ASCII letters only: no other letter becomes one of them', () => {
    const list = parseAllowList('Kate@Acme.example', callerSyntax)
    assert.ok(list.has(foldName('KATE@acme.EXAMPLE')))
    assert.ok(!list.has(foldName('\u212Aate@acme.example')))
    assert.equal(foldName('\u0130@\u212A'), '\u0130@\u212A')
  })
})

suite('the front door', () => {
  test('is kept by the platform unless it is said otherwise', () => {
    assert.equal(parseInbound({ K_SERVICE: 'etl' }).mode, 'iam')
    assert.equal(parseInbound({ K_SERVICE: 'etl', HEADRACE_INBOUND: '' }).mode, 'iam')
  })

  test('is open to this machine alone where there is no platform, and believes no claims unless it is said twice', () => {
    assert.equal(parseInbound({}).mode, 'none')
    assert.match(refusal({ HEADRACE_CALLERS: 'ann@acme.example' }), /HEADRACE_INBOUND=verify/)
    assert.match(refusal({ HEADRACE_INBOUND: 'iam' }), /HEADRACE_INBOUND_CHECKED_BY/)
    assert.equal(parseInbound({ HEADRACE_INBOUND: 'iam', HEADRACE_INBOUND_CHECKED_BY: 'the ingress' }).mode, 'iam')
  })

  test('does not open in an unknown mode, nor with none in the cloud, nor with verify for no audience', () => {
    assert.match(refusal({ HEADRACE_INBOUND: 'verfy' }), /did you mean verify/)
    assert.match(refusal({ HEADRACE_INBOUND: 'none', K_SERVICE: 'etl' }), /K_SERVICE/)
    assert.match(refusal({ HEADRACE_INBOUND: 'verify' }), /HEADRACE_AUDIENCE/)
  })

  test('does not open with an endpoint for keys that is not on this machine', () => {
    assert.match(refusal({ HEADRACE_GOOGLE_KEYS_ENDPOINT: 'https://keys.example' }), /this machine/)
  })

  test('does not open with a sign-in that is not whole, or that trusts everybody who comes', () => {
    assert.ok(parseInbound({ ...open, ...signIn }).signIn)
    assert.match(refusal({ ...signIn, K_SERVICE: 'etl' }), /HEADRACE_INBOUND=verify/)
    assert.match(refusal({ ...signIn, ...open, HEADRACE_URL: '' }), /HEADRACE_URL/)
    for (const name of Object.keys(signIn)) {
      const { message } = { message: refusal({ ...open, ...signIn, [name]: '' }) }
      assert.match(message, /HEADRACE_SIGN_IN_/, name)
    }
    assert.match(refusal({ ...open, ...signIn, HEADRACE_SIGN_IN_CLIENT_SECRET: 'hunter2-itself' }), /reference/)
    assert.ok(!refusal({ ...open, ...signIn, HEADRACE_SIGN_IN_KEY: 'hunter2-itself' }).includes('hunter2'))
    assert.match(refusal({ ...open, ...signIn, HEADRACE_SIGN_IN_PROVIDER: 'http://issuer.example' }), /https/)
    assert.match(refusal({ ...open, ...signIn, HEADRACE_SIGN_IN_ALLOW: 'github:ann' }), /GitHub/)
    assert.match(refusal({ ...open, ...signIn, HEADRACE_SIGN_IN_MINUTES: '0' }), /1 to 1440/)
    assert.match(refusal({ HEADRACE_URL: 'http://a.example' }), /https/)
  })

  test('that does not open keeps headrace serve from starting, with exit code 2 and one sentence', async () => {
    const { code, stderr } = await runCli(['serve', '--port', '0'], { env: { HEADRACE_INBOUND: 'open' } })
    assert.deepEqual([code, stderr.trim().split('\n').length], [2, 1])
    assert.match(stderr, /HEADRACE_INBOUND is "open".*expected iam, verify, none/)
  })
})

suite('a list of callers', () => {
  test('gives each all rights, or those after the equals sign', () => {
    const list = parseAllowList(
      ' A@x.example, b@x.example=acme|orders ,c@x.example=+status,d@x.example=*|+status',
      callerSyntax,
    )
    assert.deepEqual(list.get('a@x.example'), { connectors: 'all', status: true })
    assert.deepEqual(list.get('b@x.example'), { connectors: new Set(['acme', 'orders']), status: false })
    assert.deepEqual(list.get('c@x.example'), { connectors: new Set(), status: true })
    assert.deepEqual(list.get('d@x.example'), { connectors: 'all', status: true })
  })

  test('of people lets them look, and run what is after the equals sign', () => {
    const list = parseAllowList('@acme.example,github-org:acme=orders,ann@acme.example=*', peopleSyntax)
    assert.deepEqual(list.get('@acme.example'), { connectors: new Set(), status: true })
    assert.deepEqual(list.get('github-org:acme'), { connectors: new Set(['orders']), status: true })
    const all = [...list.values()]
    assert.deepEqual(joinRights(all.slice(0, 2)), { connectors: new Set(['orders']), status: true })
    assert.deepEqual(joinRights(all), { connectors: 'all', status: true })
    assert.equal(joinRights([]), undefined)
  })

  test('refuses what it does not understand, rather than letting nobody or everybody in', () => {
    for (const text of ['scheduler', '*', 'a@x.example=', 'a@x.example=acme=b', 'a@x.example=../x', '@'])
      assert.throws(() => parseAllowList(text, callerSyntax), { code: 'CONFIG_INVALID' }, text)
    for (const text of ['@', '@com', 'github:', 'github-org:a/b', '*', 'acme'])
      assert.throws(() => parseAllowList(text, peopleSyntax), { code: 'CONFIG_INVALID' }, text)
  })
})
