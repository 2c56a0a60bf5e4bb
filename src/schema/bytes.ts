/**
 * Base64 (RFC 4648 section 4, or 5 with `-` and `_`; padded or not) spelled as every warehouse reads it: `+`, `/` and
 * padded. Undefined where the text is no base64, or has bits behind its last whole byte.
 */
export function normalizeBase64(text: string): string | undefined {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) return undefined
  const bare = text
    .replace(/(?<!=)=+$/, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/')
  if (bare.length % 4 === 1) return undefined
  const tail = bare.slice(bare.length - (bare.length % 4))
  const whole = Buffer.from(tail, 'base64').toString('base64')
  return whole.startsWith(tail) ? bare.slice(0, bare.length - tail.length) + whole : undefined
}
