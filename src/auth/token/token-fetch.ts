import { type Dispatcher, fetch as undiciFetch } from 'undici'

const maxBytes = 1024 * 1024

/**
 * A fetch for token endpoints: through `dispatcher` (which verifies TLS), done within `timeoutMs` in all, no redirect
 * followed (it would carry the credentials elsewhere), no answer of more than 1 MiB read. Takes a URL, not a `Request`.
 */
export function createTokenFetch(dispatcher: Dispatcher, timeoutMs: number): typeof fetch {
  return async (input, init = {}) => {
    const timeout = AbortSignal.timeout(timeoutMs)
    const response = await undiciFetch(input instanceof Request ? input.url : input, {
      method: init.method ?? 'GET',
      headers: [...new Headers(init.headers)],
      ...(init.body && { body: toBody(init.body) }),
      signal: init.signal ? AbortSignal.any([init.signal, timeout]) : timeout,
      redirect: 'manual',
      dispatcher,
    })
    const bytes = await readCapped(response.body)
    const bodiless = [204, 205, 304].includes(response.status)
    return new Response(bodiless ? null : bytes, { status: response.status, headers: [...response.headers] })
  }
}

function toBody(body: unknown): string {
  if (typeof body === 'string') return body
  if (body instanceof URLSearchParams) return body.toString()
  throw new TypeError('A token request has a form or JSON text as its body')
}

async function readCapped(body: AsyncIterable<Uint8Array> | null): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.byteLength
    if (size > maxBytes) throw new AnswerTooLarge(`The answer has more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** What the token fetch throws for an answer that no token endpoint would give. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge'
}
