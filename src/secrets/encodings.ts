/** One way in which a secret may stand in a text. */
export interface Trace {
  readonly text: string
  /** Characters on either side that hold some bits of the secret too, as base64 cuts across bytes. */
  readonly margin: number
}

/** A shorter part of a base64 text would be found where no secret is. */
const shortestPart = 6

/** All forms in which `value` is looked for: raw, percent- and form-encoded, escaped for JSON and HTML, hexadecimal, base64. */
export function listTraces(secret: string): readonly Trace[] {
  const value = secret.toWellFormed()
  const percent = [encodeURIComponent(value), encodeForm(value), encodeStrictly(value), encodeURI(value)]
  const plain = [...[value, ...readLines(value)].flatMap(escape), ...percent.flatMap((text) => [text, lowerHex(text)])]
  const base64 = [value, ...percent].flatMap((text) => listBase64(Buffer.from(text, 'utf8')))
  const hex = Buffer.from(value, 'utf8').toString('hex')
  const traces = new Map([secret, ...plain, hex, hex.toUpperCase()].map((text) => [text, 0]))
  for (const trace of base64) if (!traces.has(trace.text)) traces.set(trace.text, trace.margin)
  return Array.from(traces, ([text, margin]) => ({ text, margin }))
}

/** The lines of a secret of several, such as a PEM key, as a log may indent them; the framing lines are no secret. */
function readLines(value: string): readonly string[] {
  const lines = value.split(/\r?\n/)
  return lines.length === 1 ? [] : lines.filter((line) => line.length >= 16 && !line.startsWith('-----'))
}

function escape(value: string): readonly string[] {
  const json = JSON.stringify(value).slice(1, -1)
  const ascii = json.replaceAll(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
  const html = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
  const quotes = [html.replaceAll("'", '&#39;'), html.replaceAll("'", '&#x27;'), value.replaceAll("'", "\\'")]
  const twice = JSON.stringify(json).slice(1, -1)
  return [value, json, twice, json.replaceAll('/', '\\/'), ascii, ascii.replaceAll('/', '\\/'), html, ...quotes]
}

/** `application/x-www-form-urlencoded`: a blank is a plus sign. */
function encodeForm(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1)
}

/** Everything but letters and digits, as some OAuth libraries write client credentials (RFC 6749 appendix B). */
function encodeStrictly(value: string): string {
  return encodeForm(value).replaceAll(/[-_.*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

function lowerHex(text: string): string {
  return text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())
}

/**
 * The base64 of `bytes`, alone and inside longer text: what stands before (`user:`) shifts them by 0, 1 or 2 bytes, and
 * of each shift only the characters that hold nothing but bits of the secret are sure.
 */
function listBase64(bytes: Buffer): readonly Trace[] {
  const parts = [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
    const sure = whole.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6))
    return { text: sure, margin: 1 }
  })
  const padded = bytes.toString('base64')
  const whole = [padded, padded.replace(/=+$/, '')].map((text) => ({ text, margin: 0 }))
  return [...whole, ...parts.filter(({ text }) => text.length >= shortestPart)].flatMap(({ text, margin }) => [
    { text, margin },
    { text: text.replaceAll('+', '-').replaceAll('/', '_'), margin },
  ])
}
