import { type ClientAuth, ClientSecretBasic } from 'oauth4webapi'
import type { AuthDeps } from '../auth.ts'
import { parseAnswer, readErrorCode } from './token-answer.ts'
import type { ClientAuthentication } from './client-auth.ts'

/**
 * A client that names itself in the Authorization header. RFC 6749 section 2.3.1 has id and secret form-encoded before
 * they are joined, which many servers do not undo: where that makes a difference and the client is refused, they are sent
 * as they are, once, and what was accepted is kept to. A refused client has used up neither a code nor a refresh token.
 */
export function createBasicAuth(
  clientId: string,
  secret: string,
  deps: Pick<AuthDeps, 'log'>,
): Pick<ClientAuthentication, 'authenticate' | 'send'> {
  const encoded = ClientSecretBasic(secret)
  const bare: ClientAuth = (_server, _client, _body, headers) => {
    headers.set('authorization', `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`)
  }
  let current = encoded
  // Of a name with a colon the bare form would be another name.
  let isSettled = /^[A-Za-z0-9]*$/.test(clientId + secret) || clientId.includes(':')
  return {
    authenticate: (...call) => current(...call),
    async send(request) {
      const response = await request()
      if (isSettled) return response
      if (response.ok) isSettled = true
      if (!(await refusesClient(response))) return response
      isSettled = true
      current = bare
      const second = await request()
      if (await refusesClient(second)) current = encoded
      else deps.log.info({}, 'The token endpoint takes client_id and client_secret as they are, not form-encoded')
      return second
    },
  }
}

/** RFC 6749 section 5.2; some say so by the status alone. */
async function refusesClient(response: Response): Promise<boolean> {
  if (response.status !== 400 && response.status !== 401) return false
  const text = await response.clone().text()
  const code = readErrorCode(parseAnswer(text, response.headers.get('content-type') ?? ''))
  return code === undefined ? response.status === 401 : /^(?:invalid|unauthorized)_client$/i.test(code)
}
