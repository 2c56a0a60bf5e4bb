import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { skipChromium, startChromium } from '../support/chromium.ts'
import { startGithub } from '../support/github.ts'
import { startPeopleProvider } from '../support/people-provider.ts'
import { createPlace } from './support.ts'

suite('in a real browser', { skip: skipChromium }, () => {
  test('a person signs in, runs a connector, looks at the run, and signs out', { timeout: 90_000 }, async () => {
    await using provider = await startPeopleProvider(['http://127.0.0.1/login/authorized'])
    await using place = await createPlace()
    await using service = await place.start({
      HEADRACE_SIGN_IN_PROVIDER: provider.issuer,
      HEADRACE_SIGN_IN_ALLOW: 'ann@acme.example=acme',
    })
    await using browser = await startChromium()
    const page = await browser.context.newPage()
    const problems: string[] = []
    page.on('console', (message) => void (/policy|refused/i.test(message.text()) && problems.push(message.text())))
    page.on('pageerror', (error) => void problems.push(error.message))

    await page.goto(`${service.url}/?connector=acme`)
    assert.equal(new URL(page.url()).origin, provider.issuer)
    await page.getByLabel('E-mail').fill('ann@acme.example')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.waitForURL(`${service.url}/?connector=acme`)
    assert.ok(await page.getByText('ann@acme.example').first().isVisible())

    const cookies = (await browser.context.cookies(service.url)).filter(({ name }) => name === 'headrace')
    assert.deepEqual(
      cookies.map(({ httpOnly, sameSite, path }) => [httpOnly, sameSite, path]),
      [[true, 'Lax', '/']],
    )
    assert.equal(await page.evaluate('document.cookie.includes("headrace=")'), false)

    await page.getByRole('button', { name: /^Run now/ }).click()
    await page.waitForURL(/\/runs\/[0-9a-f-]{36}/)
    assert.ok(await page.getByText('complete').first().isVisible())

    await page.goto(service.url)
    await page.getByRole('button', { name: 'Sign out' }).click()
    assert.ok(await page.getByText('You are signed out.').isVisible())
    assert.ok(!(await browser.context.cookies(service.url)).some(({ name }) => name === 'headrace'))
    assert.deepEqual(problems, [], 'the content security policy lets all of this be')
  })

  test('another site can neither start a run nor sign a person out', { timeout: 90_000 }, async () => {
    await using github = await startGithub()
    await using place = await createPlace()
    await using service = await place.start({
      HEADRACE_SIGN_IN_PROVIDER: 'github',
      HEADRACE_SIGN_IN_GITHUB_ENDPOINT: github.url,
      HEADRACE_SIGN_IN_ALLOW: 'github:ann=*',
    })
    await using browser = await startChromium()
    const page = await browser.context.newPage()
    await page.goto(service.url)
    assert.equal(new URL(page.url()).origin, service.url, 'GitHub sent her back at once')
    const foreign = github.url.replace('127.0.0.1', 'localhost')
    for (const path of ['/run/acme', '/logout']) {
      await page.goto(`${foreign}/user`)
      const answered = page.waitForResponse((response) => response.url() === service.url + path)
      await page.evaluate(`{
        const form = document.createElement('form')
        form.method = 'post'
        form.action = ${JSON.stringify(service.url + path)}
        document.body.append(form)
        form.submit()
      }`)
      assert.ok((await answered).status() >= 400)
      await page.waitForURL(service.url + path)
    }
    await page.goto(service.url)
    assert.ok(await page.getByRole('button', { name: 'Sign out' }).isVisible(), 'she is still signed in')
    const status = await page.evaluate(
      `fetch('/status.json').then((response) => response.text()).catch(() => 'blocked')`,
    )
    assert.ok(!String(status).includes('run_id'), 'nothing ran')
  })
})
