/** A person with a browser that has no screen: follows redirects, keeps cookies, fills in the forms of `startConsentServer`. */
export interface Person {
  /** Opens an address, signs in, says yes or no, and gives the address that the browser is sent to in the end, unopened. */
  consent(url: string, answer?: 'yes' | 'no'): Promise<string>
  /** The same for a page on which a device code is entered. */
  enterCode(url: string, answer?: 'yes' | 'no'): Promise<void>
}

interface Page {
  readonly url: string
  readonly body: string
}

export function createPerson(name = 'jane'): Person {
  const cookies = new Map<string, string>()

  async function request(url: string, form?: URLSearchParams): Promise<Response> {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([key, value]) => `${key}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: form }),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, key = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (value === '') cookies.delete(key)
      else cookies.set(key, value)
    }
    return response
  }

  /** Follows redirects within the server; the first that leads elsewhere is the end. */
  async function browse(start: string, form?: URLSearchParams): Promise<Page | string> {
    const { origin } = new URL(start)
    let response = await request(start, form)
    let url = start
    while (response.status >= 300 && response.status < 400) {
      url = new URL(response.headers.get('location') ?? '', url).href
      if (new URL(url).origin !== origin) return url
      response = await request(url)
    }
    return { url, body: await response.text() }
  }

  async function submit(page: Page, fields: Readonly<Record<string, string>>): Promise<Page | string> {
    const action = /<form[^>]*action="([^"]+)"/.exec(page.body)?.[1] ?? page.url
    const hidden = [...page.body.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)]
    const form = new URLSearchParams()
    for (const [, key = '', value = ''] of hidden) form.set(key, value)
    for (const [key, value] of Object.entries(fields)) form.set(key, value)
    return browse(new URL(action.replaceAll('&amp;', '&'), page.url).href, form)
  }

  async function walk(start: Page | string, answer: 'yes' | 'no'): Promise<Page | string> {
    let at = start
    for (let step = 0; step < 5 && typeof at === 'object'; step++) {
      const title = /<title>(\w+)<\/title>/.exec(at.body)?.[1]
      if (title === 'login') at = await submit(at, { login: name })
      else if (title === 'consent') at = await submit(at, answer === 'yes' ? {} : { deny: '1' })
      else return at
    }
    return at
  }

  return {
    async consent(url, answer = 'yes') {
      const end = await walk(await browse(url), answer)
      if (typeof end === 'string') return end
      throw new Error(`the browser stayed at ${end.url}: ${end.body.slice(0, 500)}`)
    },
    async enterCode(url, answer = 'yes') {
      const page = await browse(url)
      if (typeof page === 'string') throw new Error(`the browser left for ${page}`)
      const confirmed = await submit(page, { confirm: 'yes' })
      await walk(confirmed, answer)
    },
  }
}
