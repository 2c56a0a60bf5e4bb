const decimal = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,6}))?$/

/**
 * A number as a plain decimal text of at most `precision` digits in all and `scale` behind the point, exact; undefined
 * where a digit would be lost. Works on the text, as a double would round.
 */
export function fitDecimal(text: string, precision: number, scale: number): string | undefined {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = decimal.exec(text) ?? []
  if (whole === '') return undefined
  const all = whole + fraction
  const digits = all.replace(/^0+/, '').replace(/(?<!0)0+$/, '')
  if (digits === '') return '0'
  const point = whole.length + Number(exponent) - (all.length - all.replace(/^0+/, '').length)
  const behind = Math.max(0, digits.length - point)
  if (behind > scale || point > precision - scale) return undefined
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  if (behind === 0) return `${sign}${digits}${'0'.repeat(point - digits.length)}`
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

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
