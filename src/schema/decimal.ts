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
