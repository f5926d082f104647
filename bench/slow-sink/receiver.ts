/** A receiver of webhooks in a process of its own, so that its memory is not ours: takes each after so many ms; a GET says how many it took. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const delayMs = Number(process.argv[2])
let taken = 0
let owedMs = 0

const server = createServer((request, response) => {
  if (request.method === 'GET') return void response.end(JSON.stringify(taken))
  const take = (): void => {
    taken++
    response.writeHead(204).end()
  }
  request.resume().once('end', () => {
    // Timers know whole milliseconds.
    owedMs += delayMs
    const waitedMs = Math.floor(owedMs)
    owedMs -= waitedMs
    if (waitedMs > 0) setTimeout(take, waitedMs)
    else take()
  })
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}/\n`))
