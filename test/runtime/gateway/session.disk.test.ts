/** What a gate decides holds at the door: who is let in, what they may, how much, until when, and that it hears of the end. */
import assert from 'node:assert/strict'
import { test } from 'uvu'
import { type ErrorCode, EventStoreError } from '../../../event/error.ts'
import { serve } from '../../../runtime/gateway/http/serve.ts'
import type { Action, Credentials, Gate, Use } from '../../../runtime/gateway/session.ts'
import { type Node, openNode } from '../../../runtime/index.ts'
import { ask, begin, linesUntil, post, responseTo } from './asking.ts'

interface Seen {
  readonly credentials: Credentials[]
  readonly asked: [action: Action, stream: string | undefined][]
  readonly taken: [action: Action, use: Use][]
  readonly ends: (ErrorCode | undefined)[]
}

interface World {
  readonly url: string
  readonly node: Node
  readonly seen: Seen
  readonly ending: AbortController
}

/** A gate that knows one key, one stream and three requests. */
async function withGate(work: (world: World) => Promise<void>, requests = Number.POSITIVE_INFINITY): Promise<void> {
  const node = await openNode({ memory: true })
  const seen: Seen = { credentials: [], asked: [], taken: [], ends: [] }
  const ending = new AbortController()
  let left = requests
  const gate: Gate = {
    async admit(credentials) {
      seen.credentials.push(credentials)
      if (credentials.authorization !== 'Bearer key') throw new EventStoreError('UNAUTHENTICATED', 'no such key')
      return {
        principal: 'key',
        tenant: 'default',
        rights: {
          may: (action, stream) => {
            seen.asked.push([action, stream])
            return stream === undefined ? action === 'read' : stream.startsWith('mine-')
          },
        },
        quota: {
          take: (action, use) => {
            seen.taken.push([action, use])
            left -= use.requests ?? 0
            if (left < 0) throw new EventStoreError('QUOTA', 'three requests are enough', { retryAfterSeconds: 7 })
          },
        },
        store: node,
        tenants: null,
        cluster: null,
        requestId: credentials.requestId ?? 'made',
        signal: ending.signal,
        end: code => void seen.ends.push(code),
      }
    },
  }
  const signs = {
    health: () => ({ alive: true, shards: [], reasons: [] }),
    ready: async () => ({ ready: true, reasons: [] }),
    metricsText: async () => '',
  }
  const address = { host: '127.0.0.1', port: 0 }
  const server = await serve({ address, directory: null, signs, version: '1.2.3' }, gate)
  try {
    await work({ url: server.addresses['http']!, node, seen, ending })
  } finally {
    await server.close()
    await node.close()
  }
}

const key = { authorization: 'Bearer key' }
const event = '{"type":"t","data":1}'

test('who is not known is refused before the body is read, and the open routes ask nobody', () =>
  withGate(async ({ url, seen }) => {
    const sent = begin(url, {
      ...post('/v1/streams/mine-1/events', ''),
      headers: { 'content-type': 'application/json', 'content-length': '9' },
    })
    sent.on('error', () => undefined)
    sent.flushHeaders()
    const response = await responseTo(sent)
    assert.equal(response.statusCode, 401)
    sent.destroy()
    for (const path of ['/health', '/ready', '/openapi.json']) assert.equal((await ask(url, { path })).status, 200)
    assert.equal(seen.credentials.length, 1)
    assert.equal((await ask(url, { path: '/metrics' })).status, 401)
  }))

test('the gate sees the tenant, the key, the peer and the name of the request', () =>
  withGate(async ({ url, seen }) => {
    await ask(url, { path: '/v1/events', headers: { ...key, 'allsource-tenant': 'acme', 'x-request-id': 'r-1' } })
    const [{ peer, ...rest }] = seen.credentials as [Credentials]
    assert.equal(peer.kind, 'address')
    assert.deepEqual(rest, { protocol: 'http', tenant: 'acme', authorization: 'Bearer key', requestId: 'r-1' })
  }))

test('what may not be done is 403 and names it; the gate is asked about the stream', () =>
  withGate(async ({ url, node, seen }) => {
    assert.equal((await ask(url, post('/v1/streams/mine-1/events', event, key))).status, 201)
    const { status, json } = await ask(url, post('/v1/streams/other-1/events', event, key))
    assert.deepEqual([status, (json as { details: unknown }).details], [403, { action: 'append', stream: 'other-1' }])
    assert.equal((await ask(url, { path: '/v1/stats', headers: key })).status, 403)
    assert.equal(await node.streamVersion('other-1'), 0)
    assert.deepEqual(seen.asked, [
      ['append', 'mine-1'],
      ['append', 'other-1'],
      ['stats', undefined],
    ])
  }))

test('a follow of one stream is asked about as that stream', () =>
  withGate(async ({ url, seen }) => {
    assert.equal((await ask(url, { path: '/v1/follow?stream=other-1', headers: key })).status, 403)
    assert.deepEqual(seen.asked, [['read', 'other-1']])
  }))

test('requests, events and bytes are taken from the quota; more is 429 with the time to wait', () =>
  withGate(async ({ url, seen }) => {
    await ask(url, post('/v1/streams/mine-1/events', `[${event},${event}]`, key))
    assert.deepEqual(seen.taken, [
      ['append', { requests: 1 }],
      ['append', { events: 2, bytes: event.length * 2 + 3 }],
    ])
    seen.taken.length = 0
    const { text } = await ask(url, { path: '/v1/streams/mine-1/events', headers: key })
    const sum = (of: keyof Use): number => seen.taken.reduce((total, [, use]) => total + (use[of] ?? 0), 0)
    assert.deepEqual([sum('requests'), sum('events'), sum('bytes')], [1, 2, text.length])
    await ask(url, { path: '/v1/events', headers: key })
    const { status, headers, json } = await ask(url, { path: '/v1/events', headers: key })
    assert.deepEqual([status, headers['retry-after'], (json as { code: string }).code], [429, '7', 'QUOTA'])
  }, 3))

test('the gate hears once of the end of each request, and how it ended', () =>
  withGate(async ({ url, seen }) => {
    await ask(url, post('/v1/streams/mine-1/events', event, key))
    await ask(url, post('/v1/streams/mine-1/events?expected=7', event, key))
    await ask(url, post('/v1/streams/mine-1/events', 'x', key))
    await ask(url, { path: '/v1/streams/mine-1/events', headers: key })
    assert.deepEqual(seen.ends, [undefined, 'WRONG_EXPECTED_VERSION', 'INVALID', undefined])
    await linesUntil(url, { path: '/v1/follow', headers: key }, lines => lines.length > 0)
    while (seen.ends.length < 5) await new Promise(resolve => setTimeout(resolve, 10))
    assert.equal(seen.ends[4], undefined)
  }))

test('what streams ends with its session', () =>
  withGate(async ({ url, node, seen, ending }) => {
    await node.appendToStream('mine-1', { type: 't', data: 1 })
    const lines = linesUntil(url, { path: '/v1/follow', headers: key }, () => false)
    while (seen.taken.length < 2) await new Promise(resolve => setTimeout(resolve, 10))
    ending.abort()
    assert.ok((await lines)[0]?.includes('"mine-1"'))
  }))

test.run()
