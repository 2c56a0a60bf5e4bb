import { CursorType, type CursorOptions } from '../../src/sync/cursor.ts'

/** The type of a cursor that a test says nothing about but what matters to it. */
export const createOrder = (field: string, options: Partial<CursorOptions> = {}): CursorType =>
  new CursorType({
    where: 'stream rows of api',
    field,
    lookback: 0,
    edges: [],
    done: null,
    warn: () => undefined,
    ...options,
  })
