/** Receives what the webhook of the topology sends, and prints each order once: `node examples/orders/receiver.ts`. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'

/** A request comes again when its answer was lost; it then has the same key. */
const seen = new Set<string>()

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const key = String(request.headers['idempotency-key'])
  const body = await text(request)
  if (!seen.has(key)) console.log(`${request.method} ${request.url} ${body}`)
  seen.add(key)
  response.writeHead(204).end()
}

createServer((request, response) => void receive(request, response)).listen(7171, '127.0.0.1')
