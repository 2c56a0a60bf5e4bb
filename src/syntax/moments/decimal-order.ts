const decimal = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/

interface Digits {
  readonly negative: boolean
  /** Before the point, without leading zeros; empty where there are none. */
  readonly whole: string
  /** Behind it, without trailing zeros. */
  readonly fraction: string
}

function readDigits(value: string | number): Digits | undefined {
  const match = decimal.exec(String(value))
  const [, sign, before = '', behind = '', exponent = '0'] = match ?? []
  if (!match || before + behind === '') return undefined
  const shift = Number(exponent)
  const all = `${'0'.repeat(Math.max(0, -shift - before.length))}${before}${behind}`.padEnd(before.length + shift, '0')
  const point = Math.max(0, before.length + shift)
  const whole = all.slice(0, point).replace(/^0+/, '')
  const fraction = all.slice(point).replace(/(?<!0)0+$/, '')
  return { negative: sign === '-' && whole + fraction !== '', whole, fraction }
}

const complement = (digits: string): string => digits.replaceAll(/\d/g, (digit) => String(9 - Number(digit)))

/**
 * A text that orders like the number, byte by byte, of any size and with any number of digits stand behind its point;
 * undefined where the value is no decimal number. Equal numbers have one text.
 */
export function sortableNumber(value: string | number): string | undefined {
  const digits = readDigits(value)
  if (!digits) return undefined
  const { negative, whole, fraction } = digits
  const length = String(whole.length).padStart(4, '0')
  const text = `${length}${whole}${fraction === '' ? '' : `.${fraction}`}`
  // The end of a negative number sorts behind its further digits.
  return negative ? `0${complement(text)}~` : `1${text}`
}

/** `value - count`, exact, as a number or as the text that `value` was; undefined where it is no plain decimal number. */
export function subtract(value: string | number, count: number): string | number | undefined {
  const [from, less] = [readDigits(value), readDigits(count)]
  if (!from || !less) return undefined
  const places = Math.max(from.fraction.length, less.fraction.length)
  const scaled = ({ negative, whole, fraction }: Digits): bigint =>
    BigInt(`${negative ? '-' : ''}${whole}${fraction.padEnd(places, '0')}` || '0')
  const difference = scaled(from) - scaled(less)
  const digits = String(difference < 0n ? -difference : difference).padStart(places + 1, '0')
  const point = digits.length - places
  const text = `${difference < 0n ? '-' : ''}${digits.slice(0, point)}${places > 0 ? `.${digits.slice(point)}` : ''}`
  return typeof value === 'number' && Number.isSafeInteger(Math.trunc(Number(text))) ? Number(text) : text
}
