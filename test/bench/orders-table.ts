const columns = `{id: 'BIGINT', number: 'VARCHAR', status: 'VARCHAR', amount: 'DOUBLE', tax: 'DOUBLE', currency: 'VARCHAR',
  quantity: 'BIGINT', express: 'BOOLEAN', customer: 'JSON', note: 'VARCHAR', coupon: 'VARCHAR', created_at: 'TIMESTAMPTZ', updated_at: 'TIMESTAMPTZ'}`

/** The rows of the workload from an NDJSON file, their types known beforehand. */
export const selectOrders = (ndjson: string): string =>
  `SELECT * FROM read_json('${ndjson}', format = 'newline_delimited', columns = ${columns})`
