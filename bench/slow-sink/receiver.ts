/** A receiver of webhooks in a process of its own, so that its memory is not ours: takes each after so many ms, and says where it listens. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const delayMs = Number(process.argv[2])

const server = createServer((request, response) => {
  const take = (): void => void response.writeHead(204).end()
  request.resume().once('end', () => (delayMs > 0 ? setTimeout(take, delayMs) : take()))
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}/\n`))
