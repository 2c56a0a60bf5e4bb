/** How a value is spelled without what it says: digits as 9, letters as A. Safe to show. */
export function shapeOf(value: string | number): string {
  const text = String(value)
  const shape = text.slice(0, 40).replaceAll(/\p{L}/gu, 'A').replaceAll(/\p{N}/gu, '9')
  return text.length > 40 ? `${shape}...` : shape
}

const dates: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^99?\/99?\/9999/, ['%m/%d/%Y', '%d/%m/%Y']],
  [/^99?-99?-9999/, ['%d-%m-%Y', '%m-%d-%Y']],
  [/^99?\.99?\.9999/, ['%d.%m.%Y']],
  [/^99? A{3} 9999/, ['%d %b %Y']],
  [/^99?-A{3}-9999/, ['%d-%b-%Y']],
  [/^A{3} 99?, 9999/, ['%b %d, %Y']],
  [/^A{3} A{3} 99? 99:99:99 [+-]9999 9999/, ['%a %b %d %H:%M:%S %z %Y']],
  [/^9999-99(?!-)/, ['%Y-%m']],
]

const clocks: Readonly<Record<string, string>> = {
  '': '',
  '99:99': '%H:%M',
  '99:99:99': '%H:%M:%S',
  '9:99 AA': '%I:%M %p',
  '99:99 AA': '%I:%M %p',
  '9:99:99 AA': '%I:%M:%S %p',
  '99:99:99 AA': '%I:%M:%S %p',
}

/** The patterns of strftime that read values of a shape, likeliest first; none where that cannot be told. */
export function suggestPatterns(shape: string): readonly string[] {
  const [found, patterns = []] = dates.find(([date]) => date.test(shape)) ?? []
  const rest = found ? shape.replace(found, '') : ''
  const [, gap = '', clock = ''] = /^(,? |T|)(.*)$/.exec(rest) ?? []
  const time = clocks[clock]
  return time === undefined ? [] : patterns.map((pattern) => `${pattern}${gap}${time}`)
}
