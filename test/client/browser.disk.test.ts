/** The client runs where Node's modules, its Buffer and its process are not there. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const client = new URL('../../client/index.ts', import.meta.url).href

/** Run as a module of its own: refuses what a browser has not, then uses every part that encodes or decodes. */
const script = `
import { isBuiltin, registerHooks } from 'node:module'
registerHooks({
  resolve(specifier, context, next) {
    if (isBuiltin(specifier) && context.parentURL?.startsWith('file:')) throw new Error('a browser has no ' + specifier)
    return next(specifier, context)
  },
})
const print = console.log
const { connect, EventStoreError } = await import(${JSON.stringify(client)})
// What Node loads by itself when it is first used, while it still can.
void [ReadableStream.from([]), new AbortController(), crypto.getRandomValues(new Uint8Array(1))]
for (const name of ['Buffer', 'process', 'global', 'setImmediate']) delete globalThis[name]
const times = { recorded: '2026-01-01T00:00:00.000Z', time: '2026-01-01T00:00:00.000Z' }
const place = { stream: 's', version: 1, partition: 0, sequence: 1, stamp: 1, position: '0.1.0.1' }
const event = { id: 'i', type: 'a', ...place, ...times, encoding: 'bytes', data: { $bytes: 'AQI=' } }
const bodies = []
const encoder = new TextEncoder()
const answer = (status, value) => ({
  status,
  headers: { get: () => null },
  body: ReadableStream.from([encoder.encode(JSON.stringify(value) + '\\n')]),
  arrayBuffer: async () => encoder.encode(JSON.stringify(value)).buffer,
})
const answers = {
  POST: () => answer(201, { version: 1 }),
  '/v1/events': () => answer(200, { events: [event], next: null }),
  '/v1/follow': () => answer(200, event),
  '/v1/stats': () => answer(403, { code: 'FORBIDDEN', detail: 'no', details: {} }),
}
globalThis.fetch = async (url, { method, body }) => {
  if (body) bodies.push(body)
  return answers[method === 'POST' ? method : new URL(url).pathname]()
}
const node = connect({ url: 'http://node.test', tenant: 'blue', token: 't' })
const long = 'é'.repeat(300)
await node.appendToStream(long, [{ type: 'a', data: new Uint8Array([1, 2]) }, { type: 'b', data: { n: 1 } }], { expectedVersion: 0 })
const read = []
for await (const one of node.readAll({ jsonAs: 'bytes' })) read.push([...one.data])
for await (const one of node.subscribeToAll()) { read.push([...one.data]); break }
const refused = await node.stats().catch(error => error instanceof EventStoreError && error.code)
await node.close()
print(JSON.stringify({ sent: JSON.parse(bodies[0]).map(one => one.data), read, refused }))
`

test('nothing that only Node has is needed', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
  assert.equal(JSON.parse(stdout), {
    sent: [{ $bytes: 'AQI=' }, { n: 1 }],
    read: [
      [1, 2],
      [1, 2],
    ],
    refused: 'FORBIDDEN',
  })
})

test.run()
