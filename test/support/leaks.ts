import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The spellings in which a secret might get out. */
export function spellings(secret: string): readonly string[] {
  const form = new URLSearchParams({ '': secret }).toString().slice(1)
  // RFC 6749 section 2.3.1: what HTTP basic carries to a token endpoint is form-encoded first, then base64.
  const based = [secret, encodeURIComponent(secret), form].flatMap(spellBase64)
  const texts = [secret, secret.toUpperCase(), secret.toLowerCase(), form, ...respell(secret)]
  return [...new Set([...texts, ...based, ...cutOff(secret)])]
}

/** The secret as a careless provider repeats it, each in one way. */
export function respell(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const hex = bytes.toString('hex')
  const codes = Array.from({ length: secret.length }, (_, at) => secret.charCodeAt(at))
  const units = codes.map((code) => `\\u${code.toString(16).padStart(4, '0')}`).join('')
  return [
    secret,
    encodeURIComponent(secret),
    encodeURIComponent(encodeURIComponent(secret)),
    hex.replaceAll(/../g, '%$&'),
    JSON.stringify(secret).slice(1, -1),
    units,
    units.toUpperCase().replaceAll('\\U', '\\u'),
    codes.map((code) => `&#${code};`).join(''),
    codes.map((code) => `&#x${code.toString(16)};`).join(''),
    bytes.toString('base64').replaceAll(/.{16}(?=.)/g, '$&\r\n'),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    hex,
    hex.toUpperCase(),
  ]
}

/** Twelve characters tell; of a document that a secret comes in they are the same for everybody. */
const cutOff = (secret: string): readonly string[] =>
  /^\{|-----/.test(secret) ? [] : [secret.slice(0, 12), secret.slice(-12)]

/**
 * Inside a longer text base64 depends on what stands before, three ways; the ends are cut off, as they depend on the
 * neighbours.
 */
function spellBase64(text: string): string[] {
  const plain = [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]).toString('base64')
    return encoded.replace(/=+$/, '').slice(shift === 0 ? 0 : 4, -4)
  })
  return plain.flatMap((one) => [one, one.replaceAll('+', '-').replaceAll('/', '_')])
}

/** Which spellings of a secret occur in some bytes. */
export function findLeaks(secret: string, bytes: Buffer | string): readonly string[] {
  const haystack = Buffer.from(bytes)
  return spellings(secret).filter((spelling) => haystack.includes(spelling))
}

/** Every file below `dir` but those named, with its bytes. */
export function readTree(
  dir: string,
  except: readonly string[] = [],
): { readonly path: string; readonly bytes: Buffer }[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !except.includes(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, bytes: readFileSync(path) }))
}
