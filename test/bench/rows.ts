/** Rows in a block; a page is one or more blocks, or the beginning of one. */
export const blockRows = 1_000

/** Of the first row; all ids have ten digits, so that they can be written over in place. */
export const firstId = 1_000_000_000

const idDigits = 10
const cities = ['Zürich', 'Lisboa', 'Kraków', 'São Paulo', 'Göteborg', 'Malmö', 'Delft', 'Nantes']
const streets = ['Bahnhofstrasse', 'Rua Augusta', 'ulica Floriańska', 'Avenida Paulista', 'Kungsgatan', 'Oude Delft']
const statuses = ['paid', 'pending', 'shipped', 'returned', 'cancelled']
const notes = [
  'leave it at number 12',
  'ring twice, the bell is "new"',
  'no paper invoice, please',
  'deliver after six in the evening',
]

const pick = <T>(list: readonly T[], at: number): T => list[at % list.length] as T

const time = (at: number, step: number) =>
  new Date(Date.UTC(2025, 0, 1) + at * step).toISOString().replace('.000Z', 'Z')

/** Never a whole number: a peer that meets an integer first puts the fractions that follow into a second column. */
function fraction(at: number): number {
  const cents = 1_000 + ((at * 2_741) % 90_000)
  return (cents % 100 === 0 ? cents + 1 : cents) / 100
}

/** An order of about 400 bytes as JSON: nested objects, strings, integers, fractions, timestamps, a null. */
export function orderRow(id: number, at: number): Record<string, unknown> {
  return {
    id,
    number: `ORD-${String((at * 7_919) % 1_000_000).padStart(6, '0')}`,
    status: pick(statuses, at),
    amount: fraction(at),
    tax: (((at * 137) % 20_000) + 0.5) / 1_000,
    currency: 'EUR',
    quantity: 1 + (at % 12),
    express: at % 3 === 0,
    customer: {
      id: 500_000 + ((at * 31) % 40_000),
      name: `Client ${at} of ${pick(cities, at)}`,
      email: `c${at}@mail.example`,
      address: { street: `${pick(streets, at)} ${1 + (at % 200)}`, city: pick(cities, at), zip: String(10_000 + at) },
    },
    note: pick(notes, at),
    coupon: at % 7 === 0 ? `SPRING${at % 100}` : null,
    created_at: time(at, 61_000),
    updated_at: time(at, 67_000),
  }
}

/** A thousand rows and where their ids lie, rendered once; `fill` writes other ids over them. */
export interface Block {
  readonly bytes: Buffer
  readonly ends: readonly number[]
  readonly idAt: readonly number[]
}

export function renderBlock(): Block {
  const parts: Buffer[] = []
  const idAt: number[] = []
  const ends: number[] = []
  let length = 0
  for (let at = 0; at < blockRows; at++) {
    const text = Buffer.from(`${JSON.stringify(orderRow(firstId + at, at))},`)
    idAt.push(length + text.indexOf(String(firstId + at)))
    length += text.length
    ends.push(length)
    parts.push(text)
  }
  return { bytes: Buffer.concat(parts), ends, idAt }
}

/** The bytes of rows `from` to `from + count - 1` (0-based; `from` a multiple of a block), each with its comma. */
export function fillBlock(block: Block, from: number, count: number): Buffer {
  const bytes = Buffer.from(block.bytes.subarray(0, block.ends[count - 1]))
  for (let at = 0; at < count; at++) {
    let id = firstId + from + at
    const start = block.idAt[at] as number
    for (let digit = idDigits - 1; digit >= 0; digit--) {
      bytes[start + digit] = 48 + (id % 10)
      id = Math.trunc(id / 10)
    }
  }
  return bytes
}

/** What a table of the first `rows` rows adds up to: nobody wins by losing some. Cents, as sums of fractions depend on their order. */
export function expectedSums(rows: number): Sums {
  let cents = 0
  for (let at = 0; at < rows; at++) cents += Math.round((orderAmount(at % blockRows) as number) * 100)
  return { rows, ids: firstId * rows + (rows * (rows - 1)) / 2, cents }
}

export interface Sums {
  readonly rows: number
  readonly ids: number
  readonly cents: number
}

const orderAmount = (at: number) => orderRow(0, at)['amount']
