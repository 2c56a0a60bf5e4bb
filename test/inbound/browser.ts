/** A browser without a screen: it follows redirects across hosts, keeps each host's cookies, and sends forms. */
export interface Browser {
  /** GET, redirects followed; or POST with a form. */
  open(url: string, options?: OpenOptions): Promise<Shown>
  /** The cookies of an origin, as `name=value`. */
  cookies(origin: string): string
  /** Every `Set-Cookie` line so far. */
  readonly cookieLines: readonly string[]
}

export interface OpenOptions {
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Does not follow redirects. */
  readonly stay?: boolean
}

export interface Shown {
  readonly url: string
  readonly status: number
  readonly body: string
  readonly headers: Headers
}

export function createBrowser(): Browser {
  const jars = new Map<string, Map<string, string>>()
  const cookieLines: string[] = []

  const cookies = (origin: string): string =>
    [...(jars.get(origin) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ')

  async function visit(url: string, { form, headers }: OpenOptions): Promise<Response> {
    const { origin } = new URL(url)
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { accept: 'text/html', cookie: cookies(origin), ...(form && { origin }), ...headers },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    const jar = jars.get(origin) ?? new Map<string, string>()
    jars.set(origin, jar)
    for (const line of response.headers.getSetCookie()) {
      cookieLines.push(line)
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '' || /max-age=0/i.test(line)) jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }

  return {
    cookies,
    cookieLines,
    async open(start, options = {}) {
      let url = start
      let response = await visit(url, options)
      for (let hops = 0; hops < 20 && !options.stay && response.headers.has('location'); hops += 1) {
        url = new URL(response.headers.get('location') ?? '', url).href
        response = await visit(url, {})
      }
      return { url, status: response.status, body: await response.text(), headers: response.headers }
    },
  }
}

/** The hidden fields of the form whose action is `action`. */
export function fieldsOf({ body }: Shown, action: string): Readonly<Record<string, string>> {
  const form = new RegExp(`<form[^>]*action="${action}"[^>]*>(.*?)</form>`, 's').exec(body)?.[1]
  if (form === undefined) throw new Error(`there is no form for ${action} in ${body.slice(0, 2000)}`)
  return Object.fromEntries(
    [...form.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  )
}
