/** What a door costs: appends, reads and follows over HTTP, against the same calls in the process, and against a server that only echoes. */
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type Server } from 'node:http'
import { systemClock } from '../event/clock.ts'
import { type Node, openNode } from '../runtime/index.ts'
import { eachInItsProcess } from './each-case.ts'
import { cpuMeter, loadAverage } from './machine.ts'
import type { BenchOptions } from './options.ts'
import { report, say } from './report.ts'
import { temporary } from './temporary.ts'

interface Case {
  readonly name: string
  readonly kind: 'append' | 'read' | 'follow'
  readonly perRequest: number
  readonly way: 'http' | 'socket'
}

const cases: readonly Case[] = [
  { name: 'append, one event a request', kind: 'append', perRequest: 1, way: 'http' },
  { name: 'append, one event a request, socket', kind: 'append', perRequest: 1, way: 'socket' },
  { name: 'append, a hundred events a request', kind: 'append', perRequest: 100, way: 'http' },
  { name: 'read all, 1,000 events an answer', kind: 'read', perRequest: 1000, way: 'http' },
  { name: 'follow', kind: 'follow', perRequest: 1, way: 'http' },
]

const outstanding = 64
const secondsDefault = 5
const eventsDefault = 200_000
/** 200 bytes of JSON, as the other benches take. */
const data = JSON.stringify({ order: 'o-123456', customer: 'c-1234', cents: 12345, note: 'x'.repeat(133) })

interface Rate {
  readonly requestsPerSecond: number
  readonly eventsPerSecond: number
}

/** Keeps `outstanding` calls under way for a while. */
async function rateOf(seconds: number, perRequest: number, call: (n: number) => Promise<unknown>): Promise<Rate> {
  let calls = 0
  let end = Number.POSITIVE_INFINITY
  const lane = async (): Promise<void> => {
    while (systemClock.monotonic() < end) await call(calls++)
  }
  const begun = systemClock.monotonic()
  end = begun + seconds * 1000
  await Promise.all(Array.from({ length: outstanding }, lane))
  const requestsPerSecond = calls / ((systemClock.monotonic() - begun) / 1000)
  return { requestsPerSecond, eventsPerSecond: requestsPerSecond * perRequest }
}

/** Sends a request over connections that are kept; resolves with the bytes of the answer. */
function sender(address: string): (method: string, path: string, body?: string) => Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: outstanding })
  const place = address.startsWith('http:') ? { host: '127.0.0.1', port: new URL(address).port } : { socketPath: address }
  return async (method, path, body) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }
    const sent = request({ ...place, agent, method, path, headers })
    sent.end(body)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    let bytes = 0
    response.on('data', (chunk: Buffer) => (bytes += chunk.length))
    await once(response, 'end')
    if ((response.statusCode ?? 0) >= 300) throw new Error(`${method} ${path}: ${response.statusCode}`)
    return bytes
  }
}

/** A server that takes a body and answers as many bytes as an append does, and nothing else. */
async function echo(): Promise<{ server: Server; address: string }> {
  const answer = 'x'.repeat(190)
  const server = createServer((incoming, response) => {
    incoming.resume()
    incoming.once('end', () => response.writeHead(201, { 'content-type': 'application/json' }).end(answer))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, address: `http://127.0.0.1:${(server.address() as { port: number }).port}` }
}

async function appends(one: Case, { node, address, seconds }: Run): Promise<void> {
  const { name, perRequest } = one
  const body = `[${Array.from({ length: perRequest }, () => `{"type":"placed","data":${data}}`).join(',')}]`
  const events = Array.from({ length: perRequest }, () => ({ type: 'placed', data: Buffer.from(data), encoding: 'json' as const }))
  const { server, address: echoed } = await echo()
  const bare = sender(echoed)
  const echoing = await rateOf(seconds, perRequest, n => bare('POST', `/v1/streams/s-${n % 10_000}/events`, body))
  server.close()
  const embedded = await rateOf(seconds, perRequest, n => node.appendToStream(`e-${n % 10_000}`, events))
  const send = sender(address)
  const cpu = cpuMeter(() => systemClock.monotonic())
  const served = await rateOf(seconds, perRequest, n => send('POST', `/v1/streams/s-${n % 10_000}/events`, body))
  report({
    bench: 'http',
    case: name,
    value: served.requestsPerSecond,
    unit: 'requests/s',
    baseline: { name: 'node:http that only echoes, same client', value: echoing.requestsPerSecond },
    eventsPerSecond: served.eventsPerSecond,
    embeddedEventsPerSecond: embedded.eventsPerSecond,
    ofEmbedded: served.eventsPerSecond / embedded.eventsPerSecond,
    outstanding,
    ...cpu(),
    loadAverage: loadAverage(),
  })
}

async function fill(node: Node, events: number): Promise<void> {
  const batch = Array.from({ length: 1000 }, () => ({ type: 'placed', data: Buffer.from(data), encoding: 'json' as const }))
  for (let n = 0; n < events; n += 1000) await node.appendToStream(`s-${n % 97}`, batch, { durability: 'memory' })
}

async function reads({ name, kind, perRequest }: Case, { node, address, seconds, events }: Run): Promise<void> {
  await fill(node, events)
  const begunEmbedded = systemClock.monotonic()
  let read = 0
  for await (const event of node.readAll<{ type: string; data: unknown }>({ jsonAs: 'bytes' })) read += event.version > 0 ? 1 : 0
  const embedded = read / ((systemClock.monotonic() - begunEmbedded) / 1000)
  const begun = systemClock.monotonic()
  const { bytes, count } = kind === 'read' ? await readPages(address, perRequest, seconds) : await followed(address, events)
  const elapsed = (systemClock.monotonic() - begun) / 1000
  report({
    bench: 'http',
    case: name,
    value: count / elapsed,
    unit: 'events/s',
    baseline: { name: 'readAll in the process, JSON as bytes', value: embedded },
    megabytesPerSecond: bytes / 1e6 / elapsed,
    loadAverage: loadAverage(),
  })
}

/** Pages one after another, from the first again when the end is reached. */
async function readPages(address: string, perRequest: number, seconds: number): Promise<{ bytes: number; count: number }> {
  const agent = new Agent({ keepAlive: true })
  let [bytes, count, from] = [0, 0, '']
  for (const end = systemClock.monotonic() + seconds * 1000; systemClock.monotonic() < end;) {
    const sent = request(`${address}/v1/events?limit=${perRequest}${from}`, { agent })
    sent.end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    let last: Buffer = Buffer.alloc(0)
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      last = chunk
    }
    const next = /"next":"([^"]+)"\}$/.exec(last.toString())?.[1]
    from = next === undefined ? '' : `&from=${next}`
    count += perRequest
  }
  return { bytes, count }
}

async function followed(address: string, events: number): Promise<{ bytes: number; count: number }> {
  const sent = request(`${address}/v1/follow`)
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  let [bytes, count] = [0, 0]
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count++
    if (count >= events) break
  }
  sent.destroy()
  return { bytes, count }
}

interface Run {
  readonly node: Node
  readonly address: string
  readonly seconds: number
  readonly events: number
}

await eachInItsProcess('http', cases, async (one: Case, options: BenchOptions) => {
  const place = temporary(options.directory)
  const node = await openNode({ directory: place.path, partitions: 8, shards: 2 })
  const { addresses } = await node.serve({ port: 0 })
  const run = {
    node,
    address: addresses[one.way]!,
    seconds: options.seconds ?? secondsDefault,
    events: options.events ?? eventsDefault,
  }
  say(`${one.name}: client and server in one process`)
  await (one.kind === 'append' ? appends(one, run) : reads(one, run))
  await node.close()
  place.remove()
})
