import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type Github, type GithubUser, startGithub } from '../support/github.ts'
import type { Service } from '../triggers/in-process.ts'
import { createBrowser } from './browser.ts'
import { type Place, createPlace } from './support.ts'

let github: Github
let place: Place

before(async () => {
  github = await startGithub()
  place = await createPlace()
})
after(async () => {
  await place?.[Symbol.asyncDispose]()
  await github?.[Symbol.asyncDispose]()
})

const start = (allow: string, more: Record<string, string> = {}): Promise<Service> =>
  place.start({
    HEADRACE_SIGN_IN_PROVIDER: 'github',
    HEADRACE_SIGN_IN_GITHUB_ENDPOINT: github.url,
    HEADRACE_SIGN_IN_ALLOW: allow,
    ...more,
  })

/** The status of the page that somebody sees after signing in. */
async function signIn(service: Service, user: GithubUser): Promise<number> {
  github.signInAs(user)
  return (await createBrowser().open(service.url)).status
}

suite('people who sign in with GitHub', () => {
  test('are let in by their user name, whatever its case', async () => {
    await using service = await start('github:Ann')
    assert.equal(await signIn(service, { login: 'aNN' }), 200)
    assert.equal(await signIn(service, { login: 'annie' }), 403)
    assert.equal(github.scope, '', 'nothing is asked for that the list does not need')
  })

  test('are let in by an organisation that they are an active member of', async () => {
    await using service = await start('github-org:acme')
    assert.equal(await signIn(service, { login: 'ann', organisations: { acme: 'active' } }), 200)
    assert.equal(await signIn(service, { login: 'bob', organisations: { acme: 'pending' } }), 403)
    assert.equal(await signIn(service, { login: 'eve', organisations: { other: 'active' } }), 403)
    assert.equal(await signIn(service, { login: 'acme' }), 403)
    assert.equal(github.scope, 'read:org')
  })

  test('are let in by a verified e-mail or its domain', async () => {
    await using service = await start('@acme.example,bob@other.example')
    const user = (email: string, verified: boolean): GithubUser => ({ login: 'x', emails: [{ email, verified }] })
    assert.equal(await signIn(service, user('Ann@Acme.example', true)), 200)
    assert.equal(await signIn(service, user('bob@other.example', true)), 200)
    assert.equal(await signIn(service, user('ann@acme.example', false)), 403)
    assert.equal(await signIn(service, user('ann@sub.acme.example', true)), 403)
    assert.equal(github.scope, 'user:email')
  })

  test('are not signed in with a wrong client secret, which GitHub tells with status 200', async () => {
    await using service = await start('github:ann', { CLIENT_SECRET: 'another-secret' })
    github.signInAs({ login: 'ann' })
    const page = await createBrowser().open(service.url)
    assert.deepEqual([page.status, /incorrect_client_credentials/.test(page.body)], [401, true])
    assert.ok(!service.log().includes('another-secret'))
  })
})

test("a program with GitHub's access token gets the data, if the token was given to this application", async () => {
  await using service = await start('github:ann')
  const look = (token: string): Promise<Response> =>
    fetch(`${service.url}/status.json`, { headers: { authorization: `Bearer ${token}` } })
  const token = github.giveToken({ login: 'ann' })
  const before = github.requests.length
  assert.equal((await look(token)).status, 200)
  assert.equal((await look(token)).status, 200)
  assert.deepEqual(github.requests.slice(before), ['POST /applications/headrace/token', 'GET /user'])
  assert.equal((await look(github.giveToken({ login: 'ann' }, 'other'))).status, 401)
  assert.equal((await look(github.giveToken({ login: 'eve' }))).status, 403)
  assert.equal((await look('gho_forged')).status, 401)
  assert.ok(!service.log().includes(token) && !service.log().includes('gho_forged'))
})
