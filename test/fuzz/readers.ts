import { findLifetime, findToken, parseBody } from '../../src/auth/login/answer.ts'
import { parseChallenges } from '../../src/http/auth-challenge.ts'
import { chooseChallenge } from '../../src/auth/signature/digest-response.ts'
import { findAnswerWords, liftTokens, parseAnswer } from '../../src/auth/token/token-answer.ts'
import { readClaims, readGrant } from '../../src/auth/token/token-claims.ts'
import { durationMs } from '../../src/syntax/duration.ts'
import { parseMoment } from '../../src/syntax/moment.ts'
import { readBearerError } from '../../src/http/bearer-error.ts'
import { parseHttpDate } from '../../src/http/http-date.ts'
import { findTitle, extractErrorMessage, readWords } from '../../src/http/error-message.ts'
import { readAllowance, readRetryAfter, saysRateLimited } from '../../src/http/rate-headers.ts'
import { readBearer } from '../../src/inbound/bearer.ts'
import { sortableNumber } from '../../src/syntax/moments/decimal-order.ts'
import { recognizeNumber, recognizeText } from '../../src/syntax/moments/formats.ts'
import { readPattern } from '../../src/syntax/moments/strftime.ts'
import { detect } from '../../src/paginators/detect.ts'
import { findLink } from '../../src/paginators/link-header.ts'
import type { PageView } from '../../src/paginators/paginator.ts'
import { parseLinks } from '../../src/paginators/web-link.ts'
import { fitDecimal, normalizeBase64 } from '../../src/schema/exact-text.ts'
import { legalName } from '../../src/schema/names.ts'
import { convertTime } from '../../src/schema/times.ts'
import { readMembers, refusal } from '../../src/schema/value.ts'
import { createRedactor } from '../../src/secrets/redactor.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { readTrace } from '../../src/triggers/trace.ts'
import { decode } from '../decode/support.ts'

const redactor = createRedactor()
redactor.add(new Secret('Zo0-key%25'))
const redact = (text: string): string => redactor.redact(text)
const now = Date.UTC(2025, 0, 1)
const url = 'https://api.example.com/v1/items'

/** A page that names `text` wherever a page may. */
const page = (text: string): PageView => ({
  request: { method: 'GET', url, headers: {} },
  url,
  headers: { link: text, 'x-next-page': text },
  envelope: { [text]: text, next: text, meta: { next_cursor: text, total: text, page: text } },
  rowCount: 3,
  lastRow: () => ({ id: text }),
})

const login = (text: string) => ({ status: 200, headers: new Headers(), text, json: parseBody(text) })
const pattern = '%A, %d-%b-%Y %I:%M:%S.%f %p %z'

/** What reads text that comes from outside: by its name, for one text. Each may refuse it in words of ours. */
export const readers: Readonly<Record<string, (text: string) => unknown>> = {
  'Link header': (text) => findLink(parseLinks(text), 'next', url),
  'WWW-Authenticate header': (text) => [parseChallenges(text), chooseChallenge(text)],
  'a challenge behind its scheme': (text) => parseChallenges(`Digest qop=${text}`),
  'bearer error': (text) => readBearerError({ 'www-authenticate': `Bearer error="${text}` }),
  'RateLimit headers': (text) => [
    readAllowance({ ratelimit: text }, now),
    readAllowance({ 'x-ratelimit-remaining': text, 'x-ratelimit-reset': text }, now),
  ],
  'Retry-After header': (text) => readRetryAfter({ 'retry-after': text, 'retry-after-ms': text, date: text }, now),
  'words of a rate limit': (text) => saysRateLimited({}, text, now),
  'HTTP date': (text) => parseHttpDate(text, now),
  'title of a page': (text) => findTitle(text, redact),
  'words of an error': (text) => [
    extractErrorMessage(text, redact),
    readWords(text, redact),
    extractErrorMessage({ error: text }, redact),
  ],
  'a known secret': redact,
  'token answer': (text) => {
    const fields = parseAnswer(text, 'application/json') ?? { access_token: text, scope: text, error: text }
    return [findAnswerWords(fields, redactor), liftTokens(fields), readGrant(fields)]
  },
  'token answer as a form': (text) => parseAnswer(text, 'application/x-www-form-urlencoded'),
  'claims of a token': (text) => [readClaims(text), readClaims(`a.${Buffer.from(text).toString('base64url')}.c`)],
  'login answer': (text) => findToken('$.token', login(text)),
  'lifetime of a login': (text) => findLifetime('$.t', '$', { answer: { ...login(''), json: { t: text } }, now }),
  'Authorization header': readBearer,
  'trace header': (text) => readTrace({ traceparent: text }),
  duration: durationMs,
  moment: parseMoment,
  'spelling of a time': (text) => [recognizeText(text), recognizeNumber(text), readPattern(text, pattern, undefined)],
  'declared time': (text) => convertTime({ kind: 'string', value: text }, 'date', { formats: [pattern, 'rfc3339'] }),
  'time of any spelling': (text) => convertTime({ kind: 'string', value: text }, 'date', {}),
  'order of numbers': sortableNumber,
  decimal: (text) => fitDecimal(text, 38, 9),
  base64: normalizeBase64,
  'column name': legalName,
  row: (text) => [refusal(JSON.stringify({ a: text })), readMembers(JSON.stringify({ a: text, [text]: 1 }))],
  'next page': (text) => detect(page(text)),
  'JSON body': (text) => decode(text, { rows: undefined }),
  'JSON body with a filter': (text) => decode(text, { rows: '$.data[?@.a==1]' }),
  'JSON Lines body': (text) => decode(text, { format: 'jsonl', rows: undefined }),
  'JSON body with NaN': (text) => decode(text, { nonFinite: 'null' }),
  'XML body': (text) => decode(text, { format: 'xml', rows: undefined }),
  'XML body in an element': (text) => decode(`<a>${text}</a>`, { format: 'xml', rows: undefined }),
  'body in another charset': (text) => decode(text, { charset: 'shift_jis', replaceInvalid: true }),
}
