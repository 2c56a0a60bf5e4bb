// AssemblyScript: the inner loop of the hot path, built to scan.wasm by `npm run build:wasm`. Not TypeScript.
//
// Walks the elements of a JSON array (or JSON Lines), validates them, and leaves each as one line of NDJSON in place.
// On the way every member of a row is held against the shape that row-scanner.ts wrote into the table: a row with an
// unknown member, a value its column cannot hold verbatim, a repeated key or a missing required one is listed as odd.
//
// Memory, as laid out by row-scanner.ts: 0 nesting stack, then the highest cursor, then the shape table, the hash
// table and the keys, the lists of odd rows and of rows, and last the input. 16 bytes after the input may be read.

import { clearColumns, columns, columnSize, isBeyondDouble, isCursor, lookUp, noteWide, required, rowWide, sameBytes, settleWide, tableAt } from './scan-columns.as';
import { container, digits, end, escaped, isFraction, isTime, literal, number, rowOdd, setEnd, setOdd, space, string, TIMESTAMP } from './scan-values.as';

// Types, as numbered in row-scanner.ts.
const INTEGER: i32 = 0, NUMBER: i32 = 1, BOOLEAN: i32 = 2, STRING: i32 = 3, JSON: i32 = 7;

// What `scan` answers.
const MORE: i32 = 0, ENDED: i32 = 1, LISTS_FULL: i32 = 2, MALFORMED: i32 = -1, NOT_AN_OBJECT: i32 = -2;

export { columns, hashAt, hashMask, tableAt } from './scan-columns.as';

export let requiredCount: i32 = 0;
export let maxAt: usize = 0;
export let oddAt: usize = 0;
export let listAt: usize = 0;
/** Rows that the list of rows and the list of odd rows hold. */
export let listSize: i32 = 0;
/** Whether to list every row: its line, and where its cursor lies. */
export let listing: i32 = 0;
/** JSON Lines in place of the elements of an array. */
export let lines: i32 = 0;
/** Bytes of a row; a larger one is odd. */
export let maxRow: i32 = 0x7fffffff;

/** The next byte to read; of a row that is not all there, its start. */
export let pos: usize = 0;
/** Where the next line goes. */
export let out: usize = 0;
export let rows: i32 = 0;
export let odd: i32 = 0;
/** Length of the highest cursor at `maxAt`, as text; 0 where there is none. */
export let maxLength: i32 = 0;
/** True after an element, when a comma or the end of the array must follow. */
export let wantComma: i32 = 0;

let stamp: i32 = 0;
let first: i32 = 1;
let found: i32 = 0;
let expected: i32 = 0;
let cursorAt: usize = 0;
let cursorLength: i32 = 0;
let maxInteger: i64 = 0;
let newMax: i32 = 0;
let newInteger: i64 = 0;

export function restart(): void {
  maxLength = 0;
  wantComma = 0;
  stamp = 0;
  first = 1;
  clearColumns();
}

function isDigits(p: usize, length: i32): bool {
  for (let i = 0; i < length; i++) if (<u32>load<u8>(p + i) - 0x30 > 9) return false;
  return true;
}

/** Notes the cursor of this row; one that is not spelled like the highest so far makes the row odd. */
function noteCursor(p: usize, length: i32, type: i32): void {
  cursorAt = p;
  cursorLength = length;
  if (length > 200) { setOdd(1); return; }
  if (type == INTEGER) {
    const negative = load<u8>(p) == 0x2d;
    let value: i64 = 0;
    for (let i = negative ? 1 : 0; i < length; i++) value = value * 10 + (load<u8>(p + i) - 0x30);
    newInteger = negative ? -value : value;
    newMax = maxLength == 0 || newInteger > maxInteger ? 1 : 0;
    return;
  }
  if (type == NUMBER || type == BOOLEAN || type == JSON || escaped) { setOdd(1); return; }
  if (type == TIMESTAMP && load<u8>(p + length - 1) != 0x5a) { setOdd(1); return; }
  // A text that could be a time or a fraction is not ordered by its bytes; one of digits is among those of its length.
  if (type == STRING && length > 0 && load<u8>(p) < 0x3a && !isDigits(p, length)) { setOdd(1); return; }
  if (maxLength != 0 && maxLength != length) { setOdd(1); return; }
  if (maxLength == 0) { newMax = 1; return; }
  let i = 0;
  while (i < length && load<u8>(p + i) == load<u8>(maxAt + i)) i++;
  newMax = i < length && load<u8>(p + i) > load<u8>(maxAt + i) ? 1 : 0;
}

/** Walks the row whose '{' lies at p. */
function row(p: usize): usize {
  stamp++;
  setOdd(0);
  found = 0;
  expected = 0;
  cursorLength = 0;
  newMax = 0;
  p = space(p + 1);
  if (p >= end) return 0;
  if (load<u8>(p) == 0x7d) {
    if (found < requiredCount) setOdd(1);
    return p + 1;
  }
  for (;;) {
    if (load<u8>(p) != 0x22) return 1;
    const key = p;
    let at = -1;
    // The key that is expected here, compared without looking for its end.
    const guess = tableAt + <usize>expected * columnSize;
    if (expected < columns && key + <usize>load<i32>(guess + 4) < end && sameBytes(key, load<u32>(guess), load<i32>(guess + 4))) {
      at = expected;
      p = key + <usize>load<i32>(guess + 4);
    } else {
      p = string(p + 1);
      if (p <= 1) return p;
      if (columns > 0) at = lookUp(key, <i32>(p - key), expected);
    }
    let type = -1, flags = 0;
    if (at < 0) setOdd(1);
    else {
      expected = at + 1;
      const column = tableAt + <usize>at * columnSize;
      const info = load<i32>(column + 8);
      type = info & 0xff;
      flags = info >> 8 & 0xff;
      if (load<i32>(column + 12) == stamp) setOdd(1);
      store<i32>(column + 12, stamp);
    }
    if (p < end && load<u8>(p) == 0x3a) p++;
    else {
      p = space(p);
      if (p >= end) return 0;
      if (load<u8>(p) != 0x3a) return 1;
      p++;
    }
    if (p < end && load<u8>(p) <= 0x20) p = space(p);
    if (p >= end) return 0;
    const start = p;
    const c: i32 = load<u8>(p);
    if (c == 0x22) {
      p = string(p + 1);
      if (p <= 1) return p;
      const length = <i32>(p - start) - 2;
      if (type != STRING) {
        if (type < TIMESTAMP || type >= JSON || escaped || !isTime(start + 1, length, type)) { setOdd(1); flags &= ~isCursor; }
      }
      if (flags) {
        if (flags & required) found++;
        if (flags & isCursor) noteCursor(start + 1, length, type);
      }
    } else if (c == 0x2d || <u32>c - 0x30 < 10) {
      p = number(p);
      if (p <= 1) return p;
      if (type == INTEGER) {
        if (isFraction || digits > 18) { setOdd(1); flags &= ~isCursor; }
        else if (digits > 15) noteWide(tableAt + <usize>at * columnSize + 8, p);
      } else if (type != NUMBER || isFraction == 2 || p - start > 38 || (isFraction == 0 && digits > 15 && isBeyondDouble(p))) { setOdd(1); flags &= ~isCursor; }
      if (flags) {
        if (flags & required) found++;
        if (flags & isCursor) noteCursor(start, <i32>(p - start), type);
      }
    } else if (c == 0x7b || c == 0x5b) {
      p = container(p);
      if (p <= 1) return p;
      if (type != JSON) setOdd(1);
      if (flags) {
        if (flags & required) found++;
        if (flags & isCursor) setOdd(1);
      }
    } else {
      p = literal(p);
      if (p <= 1) return p;
      if (c != 0x6e) {
        if (type != BOOLEAN) setOdd(1);
        if (flags) {
          if (flags & required) found++;
          if (flags & isCursor) setOdd(1);
        }
      }
    }
    if (p < end && load<u8>(p) <= 0x20) p = space(p);
    if (p >= end) return 0;
    const d = load<u8>(p++);
    if (d == 0x7d) {
      if (found < requiredCount) setOdd(1);
      return p;
    }
    if (d != 0x2c) return 1;
    if (p < end && load<u8>(p) <= 0x20) p = space(p);
    if (p >= end) return 0;
  }
  return 1;
}

/** Goes on from `pos` up to `limit`. */
export function scan(limit: usize): i32 {
  setEnd(limit);
  let p = pos;
  for (;;) {
    p = space(p);
    pos = p;
    if (p >= end) return MORE;
    let c = load<u8>(p);
    if (!lines) {
      if (wantComma) {
        if (c == 0x5d) { pos = p + 1; return ENDED; }
        if (c != 0x2c) return MALFORMED;
        p = space(p + 1);
        if (p >= end) return MORE;
        c = load<u8>(p);
      } else if (c == 0x5d && first) { pos = p + 1; return ENDED; }
    }
    if (c != 0x7b) return c == 0x5d || c == 0x2c || c < 0x20 ? MALFORMED : NOT_AN_OBJECT;
    if (rows == listSize) return LISTS_FULL;
    const start = p;
    p = row(start);
    if (p == 1) return MALFORMED;
    // The byte after the row must be there too, for the line feed takes its place.
    if (p == 0 || p >= end) return MORE;
    const after = load<u8>(p++);
    if (after > 0x20 && (lines || (after != 0x2c && after != 0x5d))) return MALFORMED;
    first = 0;
    const length = p - 1 - start;
    if (<i32>length > maxRow) setOdd(1);
    if (rowWide) settleWide();
    if (out != start) memory.copy(out, start, length);
    if (rowOdd) {
      store<u32>(oddAt + (<usize>odd << 3), <u32>out);
      store<u32>(oddAt + (<usize>odd << 3) + 4, <u32>(out + length));
      odd++;
    } else if (newMax) {
      // Bytes that the copy has moved: the cursor lies as far from the row's start as before.
      memory.copy(maxAt, cursorAt - start + out, cursorLength);
      maxLength = cursorLength;
      maxInteger = newInteger;
    }
    if (listing) {
      const entry = listAt + <usize>rows * 12;
      store<u32>(entry, <u32>out);
      store<u32>(entry + 4, <u32>(rowOdd || cursorLength == 0 ? 0 : <u32>(cursorAt - start)));
      store<u32>(entry + 8, cursorLength);
    }
    rows++;
    out += length;
    store<u8>(out++, 0x0a);
    if (after == 0x5d) { pos = p; return ENDED; }
    wantComma = after == 0x2c ? 0 : 1;
  }
  return MORE;
}
