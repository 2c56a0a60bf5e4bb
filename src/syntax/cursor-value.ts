/** As the source wrote it: a string, or a number (an integer beyond 2^53 as its decimal string). */

export type CursorValue = string | number
/** How far behind a cursor a listing starts: milliseconds of time, or so much of a number. */

export type Lookback = number | { readonly count: number }
