// AssemblyScript, the columns of scan.as.ts: the table of the shape that row-scanner.ts wrote, and what is noted in it.

import { digits, rowOdd } from './scan-values.as';

// A column of the table, 16 bytes: key address (with its quotes), key length, type | flags << 8, number of the row it was last seen in.
export const columnSize: usize = 16;
export const required: i32 = 1, isCursor: i32 = 2;

/** Beside type and flags: the column has integers beyond 2^53, of which a double holds only some. */
const wide: i32 = 1 << 16;
/** The same, found in a row of which it is not known yet whether it is odd. */
const maybeWide: i32 = 1 << 17;

export let tableAt: usize = 0;
export let columns: i32 = 0;
export let hashAt: usize = 0;
export let hashMask: i32 = 0;
/** Set where a column was noted in the row at hand. */
export let rowWide: i32 = 0;

/** Forgets what was noted of the body before. */
export function clearColumns(): void {
  rowWide = 0;
  for (let i = 0; i < columns; i++) {
    const column = tableAt + <usize>i * columnSize;
    store<i32>(column + 8, load<i32>(column + 8) & ~(wide | maybeWide));
    store<i32>(column + 12, 0);
  }
}

export function sameBytes(a: usize, b: usize, length: i32): bool {
  if (length <= 16) {
    return (i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b))) | (-1 << length)) == -1;
  }
  let i = 0;
  for (; i + 16 <= length; i += 16) if (i8x16.bitmask(i8x16.eq(v128.load(a + i), v128.load(b + i))) != 0xffff) return false;
  for (; i < length; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}

/** The column of the key (with its quotes) at p, or -1. Keys mostly come in the order of the row before, so that `expected` is tried first. */
export function lookUp(p: usize, length: i32, expected: i32): i32 {
  for (let tries = 0; tries < 4 && tries < columns; tries++) {
    let at = expected + tries;
    if (at >= columns) at -= columns;
    const column = tableAt + <usize>at * columnSize;
    if (load<i32>(column + 4) == length && sameBytes(p, load<u32>(column), length)) return at;
  }
  let hash: u32 = 0x811c9dc5;
  for (let i = 0; i < length; i++) hash = (hash ^ load<u8>(p + i)) * 0x01000193;
  for (let slot = <i32>hash & hashMask; ; slot = (slot + 1) & hashMask) {
    const at = load<i32>(hashAt + (<usize>slot << 2));
    if (at < 0) return -1;
    const column = tableAt + <usize>at * columnSize;
    if (load<i32>(column + 4) == length && sameBytes(p, load<u32>(column), length)) return at;
  }
  return -1;
}

/** Whether the integer of 16 digits or more that ends at p lies beyond 2^53. */
export function isBeyondDouble(p: usize): bool {
  if (digits > 18) return true;
  let value: i64 = 0;
  for (let i = p - digits; i < p; i++) value = value * 10 + (load<u8>(i) - 0x30);
  return value > 9007199254740992;
}

/** Notes that the integer which ends at p lies beyond 2^53, unless its column (type and flags at `info`) has one already. */
export function noteWide(info: usize, p: usize): void {
  const flags = load<i32>(info);
  if ((flags & wide) != 0 || !isBeyondDouble(p)) return;
  store<i32>(info, flags | maybeWide);
  rowWide = 1;
}

/** What was noted of this row counts unless the row is odd: then it is read once more elsewhere. */
export function settleWide(): void {
  rowWide = 0;
  for (let i = 0; i < columns; i++) {
    const info = tableAt + <usize>i * columnSize + 8;
    const flags = load<i32>(info);
    if ((flags & maybeWide) != 0) store<i32>(info, rowOdd ? flags & ~maybeWide : (flags & ~maybeWide) | wide);
  }
}
