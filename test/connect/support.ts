import type { ChildProcess } from 'node:child_process'
import { type CliOptions, type Ended, startCli, untilEnd } from '../cli/support.ts'
import { consentClient } from '../support/consent-server.ts'

/** `headrace connect` as a real process. */
export interface ConnectProcess {
  readonly child: ChildProcess
  /** The address that it asks a person to open. */
  readonly url: Promise<string>
  readonly ended: Promise<Ended>
}

export function startConnect(args: readonly string[], options: CliOptions): ConnectProcess {
  const child = startCli(['connect', ...args], options)
  const ended = untilEnd(child)
  const { promise: url, resolve, reject } = Promise.withResolvers<string>()
  let said = ''
  child.stderr?.on('data', (text: string) => {
    said += text
    const found = /^ {2}(https?:\/\/\S+)$/m.exec(said)?.[1]
    if (found !== undefined && said.includes(`${found}\n`)) resolve(found)
  })
  ended.then(({ stderr }) => reject(new Error(`it ended without an address: ${stderr}`)), reject)
  url.catch(() => undefined)
  return { child, url, ended }
}

export interface ConsentConnectorOptions {
  readonly issuer: string
  /** Lines below `auth:`, in place of the issuer. */
  readonly auth?: readonly string[]
  readonly tokens?: string
}

export const connectEnv = { ACME_SECRET: consentClient.client_secret }

/** A connector whose rows are read with what a person consents to. */
export function consentConnector({
  issuer,
  auth = [`issuer: ${issuer}`],
  tokens = 'file:tokens.json',
}: ConsentConnectorOptions): string {
  const keys = [
    'type: oauth2_authorization_code',
    ...auth,
    `client_id: ${consentClient.client_id}`,
    'client_secret: env:ACME_SECRET',
    'scopes: [openid, read]',
    `tokens: ${tokens}`,
  ]
  return `name: acme
base_url: ${issuer}
retry: { attempts: 1 }
auth:
${keys.map((line) => `  ${line}`).join('\n')}
streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: none }
    primary_key: [id]
`
}
