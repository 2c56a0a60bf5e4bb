import type { Connector } from '../connector.ts'
import type { Report } from '../problems.ts'
import type { ConnectorSubject } from './subject.ts'

/** A certificate has its key beside it, and is there where a sign-in rests on it. */
export function checkTls({ connector, broken, streams, report }: ConnectorSubject): void {
  const { tls } = connector
  if (tls?.cert && !tls.key) report(['tls'], 'expected key beside cert: the private key that belongs to it')
  if (tls?.key && !tls.cert) report(['tls'], 'expected cert beside key: the certificate that belongs to it')
  if (tls && !tls.cert && !tls.key && !tls.ca) report(['tls'], 'expected cert and key, ca, or both')
  const known = broken.has('tls') || tls?.cert !== undefined
  checkMethods(connector.auth ?? [], { known, report })
  for (const { stream, report: reportStream } of streams)
    checkMethods(stream.auth ?? [], { known, report: reportStream })
}

function checkMethods(entries: Connector['auth'], { known, report }: { known: boolean; report: Report }): void {
  entries.forEach((entry, at) => {
    const method = 'client_auth' in entry ? entry.client_auth : undefined
    if (known || typeof method !== 'string' || !method.endsWith('tls_client_auth')) return
    report(
      entries.length > 1 ? ['auth', at, 'client_auth'] : ['auth', 'client_auth'],
      `${method} proves who the client is by its certificate: add tls: {cert: secret:NAME, key: secret:NAME} to the connector`,
    )
  })
}
