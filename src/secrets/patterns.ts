import { toSkeleton } from './skeleton.ts'
import { unescape } from './unescape.ts'

/** A text that is looked for, as its skeleton. */
export interface Pattern {
  readonly codes: Uint16Array
  /** So many of its first characters, and so many of its last, are enough. */
  readonly prefix: number
  readonly suffix: number
  /** Characters that a skeleton leaves out: those before its first and behind its last. */
  readonly lead: string
  readonly tail: string
  /** It is base64, which cuts across bytes: a character on either side holds some bits of the secret too. */
  readonly base64: boolean
}

/** A pattern has at least so many characters: fewer are found where no secret is. */
export const shortestPattern = 8

/** So many characters of a secret are taken for it, where they are its first or its last ones. */
const telling = 12
/** The same 12 bytes in base64 and in hexadecimal. */
const tellingBase64 = 16
const tellingHex = 24

/** So often escapes are taken off a text, and off a secret that holds some itself. */
export const mostLevels = 5

/**
 * What is looked for to find `secret` in a text whose escapes are taken off level by level: itself, its base64 at each
 * alignment, and hexadecimal. `whole`: not for parts of it. A secret whose skeleton is too short has no patterns.
 */
export function listPatterns(secret: string, { whole }: { readonly whole: boolean }): readonly Pattern[] {
  const value = secret.toWellFormed()
  const edges =
    whole || isObject(value) ? undefined : { prefix: lengthOf(frameOf(value)), suffix: lengthOf(endOf(value)) }
  const least = (length: number): number => (edges ? length : Infinity)
  const plain = [...levelsOf(value), ...readLines(value)].map((text) => ({
    text,
    prefix: edges ? edges.prefix + lengthOf(text.slice(0, telling)) : Infinity,
    suffix: edges ? edges.suffix + lengthOf(text.slice(-telling)) : Infinity,
    base64: false,
  }))
  const forms = new Set([value, encodeURIComponent(value), encodeForm(value), encodeStrictly(value), encodeURI(value)])
  const base64 = [...forms]
    .flatMap((text) => listBase64(Buffer.from(text)))
    .map((text) => ({ text, prefix: least(tellingBase64), suffix: least(tellingBase64), base64: true }))
  const hex = {
    text: Buffer.from(value).toString('hex'),
    prefix: least(tellingHex),
    suffix: least(tellingHex),
    base64: false,
  }
  const patterns = new Map<string, Pattern>()
  for (const { text, prefix, suffix, base64: isBase64 } of [...plain, hex, ...base64]) {
    const { codes, at } = toSkeleton(text)
    const key = Buffer.from(codes.buffer, codes.byteOffset, codes.byteLength).toString('utf16le')
    if (codes.length < shortestPattern || patterns.has(key)) continue
    const bound = (most: number): number => Math.min(Math.max(most, shortestPattern), codes.length)
    const [lead, tail] = [text.slice(0, at[0]), text.slice((at[codes.length - 1] as number) + 1)]
    patterns.set(key, { codes, prefix: bound(prefix), suffix: bound(suffix), lead, tail, base64: isBase64 })
  }
  return [...patterns.values()]
}

const lengthOf = (text: string): number => toSkeleton(text).codes.length

/** A JSON document, such as a key file, begins and ends with what is no secret. */
const isObject = (value: string): boolean => /^\s*\{[^]*\}\s*$/.test(value)

/** What a secret begins with and everybody knows: the origin of a URL, the first line of a PEM file. */
const frameOf = (value: string): string =>
  /^\s*-----BEGIN [^\n-]*-----/.exec(value)?.[0] ??
  /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*(?=[/?#]|$))?/i.exec(value)?.[0] ??
  ''

const endOf = (value: string): string => /-----END [^\n-]*-----\s*$/.exec(value)?.[0] ?? ''

/** A secret that holds escapes itself loses them where those around it are taken off. */
function levelsOf(value: string): readonly string[] {
  const texts = [value]
  for (let text = unescape({ text: value })?.text; text !== undefined && texts.length < mostLevels;) {
    texts.push(text)
    text = unescape({ text })?.text
  }
  return texts
}

/** The lines of a secret of several, such as a PEM key, as a log may quote one; the framing lines are no secret. */
function readLines(value: string): readonly string[] {
  const lines = value.split(/\r?\n/)
  return lines.length === 1 ? [] : lines.filter((line) => line.length >= 16 && !line.startsWith('-----'))
}

/** `application/x-www-form-urlencoded`: a blank is a plus sign. */
const encodeForm = (value: string): string => new URLSearchParams([['', value]]).toString().slice(1)

/** Everything but letters and digits, as some OAuth libraries write client credentials (RFC 6749 appendix B). */
const encodeStrictly = (value: string): string =>
  encodeForm(value).replaceAll(/[-_.*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

/**
 * The base64 of `bytes`, alone and inside longer text: what stands before (`user:`) shifts them by 0, 1 or 2 bytes, and
 * of each shift only the characters that hold nothing but bits of the secret are sure.
 */
function listBase64(bytes: Buffer): readonly string[] {
  const parts = [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
    return whole.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6))
  })
  return [bytes.toString('base64'), ...parts]
}
