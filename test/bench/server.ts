import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { blockRows, fillBlock, renderBlock } from './rows.ts'

// The provider of the benchmark, in a process of its own: `/orders?rows=1000000&per_page=1000&page=1`. Pages are
// copies of one rendered block with other ids written into them, so that it is no bottleneck.

const block = renderBlock()
const head = Buffer.from('{"data":[')

const server = createServer((request, response) => {
  const query = new URL(request.url ?? '/', 'http://localhost').searchParams
  const number = (name: string, otherwise: number) => Number(query.get(name) ?? otherwise)
  const rows = number('rows', 1_000_000)
  const page = number('page', 1)
  const size = number('per_page', 1_000)
  sendPage(response, { rows, page, size }).catch((error: unknown) => response.destroy(error as Error))
})

interface Page {
  readonly rows: number
  readonly page: number
  readonly size: number
}

async function sendPage(response: ServerResponse, { rows, page, size }: Page): Promise<void> {
  const from = (page - 1) * size
  const count = Math.max(0, Math.min(size, rows - from))
  const meta = { page, per_page: size, total: rows, total_pages: Math.ceil(rows / size) }
  const tail = Buffer.from(`],"meta":${JSON.stringify(meta)}}`)
  const whole = Math.floor(count / blockRows)
  const rest = count % blockRows
  const bytes = whole * block.bytes.length + (rest > 0 ? (block.ends[rest - 1] as number) : 0) - (count > 0 ? 1 : 0)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': head.length + bytes + tail.length })
  response.write(head)
  for (let done = 0; done < count; done += blockRows) {
    const part = Math.min(blockRows, count - done)
    const filled = fillBlock(block, from + done, part)
    const last = done + part === count
    const ready = response.write(last ? filled.subarray(0, -1) : filled)
    if (!ready && !last) await drained(response)
  }
  response.end(tail)
}

/** Resolves also when the client has gone away: the writes that follow come to nothing. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      response.off('drain', go)
      response.off('close', go)
      resolve()
    }
    response.once('drain', go)
    response.once('close', go)
    if (response.destroyed) go()
  })
}

server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
