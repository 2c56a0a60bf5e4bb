import { isLoopback } from '../syntax/loopback.ts'
import { SyncError } from '../base/errors.ts'
import { forMail } from '../base/words/chats.ts'
import { type Alert, noticeOf } from './message.ts'
import type { Target } from './targets.ts'

/** Sends the alert by SMTP; always over TLS but on this very machine. Throws `API_UNAVAILABLE`, without the address of the server's account. */
export async function mailAlert(alert: Alert, { url, from, to }: Extract<Target, { type: 'mail' }>): Promise<void> {
  const { createTransport } = await import('nodemailer')
  const secure = url.protocol === 'smtps:'
  const transport = createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (secure ? 465 : 587)),
    secure,
    requireTLS: !secure && !isLoopback(`http://${url.hostname}`),
    // A loopback server has no certificate for its address.
    ignoreTLS: !secure && isLoopback(`http://${url.hostname}`),
    ...(url.username !== '' && {
      auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
    }),
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 10_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    await transport.sendMail({ from, to: [...to], ...forMail(noticeOf(alert)) })
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown error'
    throw new SyncError('API_UNAVAILABLE', `The mail server ${url.host} did not take the message (${code}).`)
  } finally {
    transport.close()
  }
}
