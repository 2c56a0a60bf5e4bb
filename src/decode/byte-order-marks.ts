/** U+FEFF in UTF-8. */
const mark = Buffer.from('\uFEFF')
const lastByte = 0x7d
const markedLine = Buffer.from('\n\uFEFF')

/** A mark was blanked; it may be one once more bytes have come; or there is none. */
type BlankedMark = 'whole' | 'cut' | undefined

/**
 * A line may begin with a byte order mark, as files do that were put together: blanks that of the line which `rest` begins
 * with, and with the first mark of a scan (`isFirst`) those of all the lines behind it too, as lines may have many.
 */
export function blankMarks(rest: Buffer, isFirst: boolean): BlankedMark {
  if (rest.length === 0 || !mark.subarray(0, rest.length).equals(rest.subarray(0, mark.length))) return undefined
  if (rest.length < mark.length) return 'cut'
  rest.fill(' ', 0, mark.length)
  if (!isFirst) return 'whole'
  for (let at = rest.indexOf(markedLine); at >= 0; at = rest.indexOf(markedLine, at)) {
    rest.fill(' ', at + 1, at + markedLine.length)
  }
  return 'whole'
}

/** The same where the last line of the file before has no line feed: the mark becomes one. */
export function blankMarkBehind(rest: Buffer): BlankedMark {
  const end = rest.indexOf('\n')
  const line = end < 0 ? rest : rest.subarray(0, end)
  for (let at = line.indexOf(lastByte); at >= 0; at = line.indexOf(lastByte, at + 1)) {
    const behind = line.subarray(at + 1, at + 1 + mark.length)
    const isMark = behind.length > 0 && mark.subarray(0, behind.length).equals(behind)
    if (!isMark || !isJson(line.subarray(0, at + 1))) continue
    if (behind.length < mark.length) return end < 0 ? 'cut' : undefined
    behind.fill(' ').fill('\n', 0, 1)
    return 'whole'
  }
  return undefined
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString())
    return true
  } catch {
    return false
  }
}
