import type { SignInFacts } from '../auth/token/sign-in-facts.ts'
import { listMissing, showTime } from '../run/check.ts'
import type { SignInReport } from '../run/sign-in.ts'
import type { SignInStep } from '../run/sign-in-step.ts'
import { oneLine } from '../base/words/line.ts'
import type { Terminal } from './terminal.ts'

/** Columns of what the provider says about one thing. */
const widest = 500

/** What failed, in the words of one who looks for the reason. */
const steps: Readonly<Record<SignInStep, string>> = {
  secrets: 'a secret is missing or cannot be used',
  token_endpoint: 'the token endpoint cannot be reached',
  client: 'the token endpoint does not accept the client',
  grant: 'the token endpoint gives no token',
  scopes: 'a scope is missing',
  consent: 'a person has to consent',
  api: 'the API refuses the credential',
}

/**
 * ```
 * ✓ sign-in  oauth2_client_credentials, as reporting@acme.example
 *     token ends at 2025-06-01T13:00:00Z; scopes orders.read
 * ```
 */
export function describeSignIn({ methods, facts, failedAt, error }: SignInReport, terminal: Terminal): string {
  if (error) {
    const what = failedAt ? `: ${steps[failedAt]}` : ''
    return `${terminal.style('red', '✗')} ${terminal.style('bold', 'sign-in')}${what}  ${error.code}\n    ${error.message}\n`
  }
  const accounts = facts.flatMap(({ account }) => account ?? [])
  const as = accounts.length > 0 ? `, as ${oneLine([...new Set(accounts)].join(', '), widest)}` : ''
  const lines = [
    `${terminal.style('green', '✓')} ${terminal.style('bold', 'sign-in')}  ${methods.join(', ')}${as}`,
    ...facts.map(describeFacts).filter((line) => line !== ''),
    ...facts
      .filter((fact) => listMissing(fact).length > 0)
      .map((fact) => `    ${terminal.style('yellow', 'not granted')}  ${oneLine(listMissing(fact).join(' '), widest)}`),
  ]
  return `${lines.join('\n')}\n`
}

/** Of a sign-in whose credential turned out to be of no use: a stream has just said why. */
export function describeBlame({ failedAt = 'api' }: SignInReport, terminal: Terminal): string {
  return `${terminal.style('red', '✗')} ${terminal.style('bold', 'sign-in')}: ${steps[failedAt]}\n`
}

function describeFacts({ expiresAt, scopesGranted, scopesAsked }: SignInFacts): string {
  const scopes = scopesGranted ?? []
  const parts = [
    ...(expiresAt === undefined ? [] : [`token ends at ${showTime(expiresAt)}`]),
    ...(scopes.length > 0 ? [`scopes ${oneLine(scopes.join(' '), widest)}`] : []),
    ...(scopes.length === 0 && scopesAsked.length > 0
      ? [`scopes asked for ${scopesAsked.join(' ')} (the provider does not say what it granted)`]
      : []),
  ]
  return parts.length === 0 ? '' : `    ${parts.join('; ')}`
}
