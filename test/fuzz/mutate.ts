import fc from 'fast-check'

/** What harms any format. */
const harmful = ['"', "'", '\\', '{', '}', '[', ']', ':', ',', '\n', '\r', '\0', ' ', '%00', '__proto__', 'constructor']
const odd = ['null', '-1', '1e999', '9'.repeat(30), 'é', '\u2028', '\ud800', '😀', '\ufeff', 'x'.repeat(300)]

type Edit = (text: string) => string

const edit = (dictionary: readonly string[]): fc.Arbitrary<Edit> =>
  fc
    .record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 12 }) }, { weight: 1, arbitrary: fc.nat({ max: 400 }) }),
      piece: fc.oneof(
        fc.constantFrom(...harmful, ...odd),
        fc.constantFrom('', ...dictionary),
        fc.string({ maxLength: 6, unit: 'binary' }),
      ),
      times: fc.constantFrom(1, 1, 1, 2, 40),
      how: fc.constantFrom('cut', 'insert', 'overwrite', 'double', 'end'),
    })
    .map(({ at: share, length, piece, times, how }) => (text) => {
      const at = Math.floor(share * text.length)
      const [head, middle, tail] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)]
      switch (how) {
        case 'cut':
          return head + tail
        case 'insert':
          return head + piece.repeat(times) + middle + tail
        case 'overwrite':
          return head + piece + tail
        case 'double':
          return head + middle.repeat(times + 1) + tail
        case 'end':
          return head
      }
    })

/** One of the texts with none to four pieces cut out, put in, doubled or overwritten. */
export const mutated = (texts: readonly string[], dictionary: readonly string[] = []): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...texts), fc.array(edit(dictionary), { maxLength: 4 }))
    .map(([text, edits]) => edits.reduce((last, change) => change(last), text))

/** The same for bytes, which take any value. */
export const mutatedBytes = (bytes: Uint8Array): fc.Arbitrary<Buffer> =>
  mutated([Buffer.from(bytes).toString('latin1')]).map((text) => Buffer.from(text, 'latin1'))
