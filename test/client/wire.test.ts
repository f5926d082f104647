/** What is sent again and what is not, and which error a caller meets in the end. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ErrorCode, errorCodes, isEventStoreError } from '../../event/error.ts'
import type { AppendOptions } from '../../event/event-store.ts'
import type { NewEvent } from '../../event/event.ts'
import { refused } from '../contract/event-store/scene.ts'
import { answer, broken, client, json, problem, type Scripted, scripted } from './scripted-fetch.ts'

const stored = json({ stream: 's', firstVersion: 1, version: 1, position: '0.0.0.1' }, 201)
const version = json({ stream: 's', version: 7 })
const plain: NewEvent = { type: 'a', data: 1 }
const known: NewEvent = { ...plain, id: 'i-1' }

/** Connections that were never made, and those that broke when the request may have arrived. */
const never = ['ECONNREFUSED', 'ENOENT', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']
const maybe = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT']

test('a read is sent again until it is answered', async () => {
  for (const code of [...never, ...maybe]) {
    const script = scripted(broken(code), broken(code), version)
    assert.is(await client(script).streamVersion('s'), 7)
    assert.is(script.asked.length, 3, code)
  }
})

test('a read that is never answered is UNREACHABLE after as many attempts as were allowed', async () => {
  for (const code of [...never, ...maybe]) {
    const script = scripted(broken(code))
    const { details, message } = await refused(
      () => client(script, { retry: { attempts: 4, delayMs: 0 } }).streamVersion('s'),
      'UNREACHABLE',
    )
    assert.equal([script.asked.length, details['url'], details['cause']], [4, 'http://node.test', code])
    assert.match(message, 'http://node.test')
  }
})

const repeatable: readonly (readonly [string, NewEvent | NewEvent[], AppendOptions])[] = [
  ['ids', known, {}],
  ['an id in one of its events', [plain, known], {}],
  ['a producer', plain, { producer: 'p', producerSequence: 3 }],
  ['an expected version', plain, { expectedVersion: 4 }],
  ['the expectation of no events', plain, { expectedVersion: 'none' }],
]

for (const [what, events, options] of repeatable) {
  test(`an append with ${what} is sent again as it was`, async () => {
    for (const code of [...never, ...maybe]) {
      const script = scripted(broken(code), stored)
      assert.equal((await client(script).appendToStream('s', events, options)).duplicate, undefined)
      const [first, second] = script.asked
      assert.equal([script.asked.length, second?.body, second?.path], [2, first?.body, first?.path])
    }
  })
}

test('an append without any of these is not sent again when it may have arrived, and its outcome is unknown', async () => {
  for (const options of [{}, { expectedVersion: 'any' }, { expectedVersion: 'exists' }] as AppendOptions[]) {
    for (const code of maybe) {
      const script = scripted(broken(code), stored)
      await refused(() => client(script).appendToStream('s', plain, options), 'UNKNOWN_OUTCOME')
      assert.is(script.asked.length, 1)
    }
    for (const code of never) {
      const script = scripted(broken(code), stored)
      await client(script).appendToStream('s', plain, options)
      assert.is(script.asked.length, 2)
    }
  }
})

test('an append that can not have arrived is UNREACHABLE; one that may have stays unknown whatever comes after it', async () => {
  await refused(() => client(scripted(broken('ECONNREFUSED'))).appendToStream('s', plain), 'UNREACHABLE')
  await refused(() => client(scripted(broken('ECONNRESET'), broken('ECONNREFUSED'))).appendToStream('s', known), 'UNKNOWN_OUTCOME')
  // A node that says what is wrong was asked and has stored nothing.
  await refused(() => client(scripted(broken('ECONNRESET'), problem('READ_ONLY'))).appendToStream('s', known), 'READ_ONLY')
})

test('one id makes an expected version known for ever: the first event gets it, unless there is one', async () => {
  const script = scripted(stored)
  const node = client(script)
  await node.appendToStream('s', [plain, plain], { expectedVersion: 2 })
  await node.appendToStream('s', [plain, known], { expectedVersion: 2 })
  await node.appendToStream('s', [plain])
  const ids = script.asked.map(({ body }) => (JSON.parse(body!) as { id?: string }[]).map(({ id }) => id))
  assert.match(ids[0]![0]!, /^[0-9a-f]{32}$/)
  assert.equal([ids[0]![1], ids[1], ids[2]], [undefined, [undefined, 'i-1'], [undefined]])
})

test('every code of a node comes back as it was said, and only those that pass are asked again', async () => {
  const passing: ErrorCode[] = ['BUSY', 'QUOTA', 'NOT_LEADER', 'CLOSED']
  for (const code of Object.keys(errorCodes) as ErrorCode[]) {
    const script = scripted(problem(code, { details: { stream: 's', actual: 3 } }), stored)
    if (passing.includes(code)) {
      await client(script).appendToStream('s', plain)
      assert.is(script.asked.length, 2, code)
      continue
    }
    const { details, message } = await refused(() => client(script).appendToStream('s', plain), code)
    assert.equal([details, message, script.asked.length], [{ stream: 's', actual: 3 }, `as told: ${code}`, 1], code)
  }
})

test('a node that does not know the outcome is asked again only with ids', async () => {
  const again = scripted(problem('UNKNOWN_OUTCOME'), stored)
  await client(again).appendToStream('s', known)
  assert.is(again.asked.length, 2)
})

test('Retry-After is waited for', async () => {
  const script = scripted(problem('BUSY', { headers: { 'retry-after': '0.02' } }), version)
  const before = process.hrtime.bigint()
  await client(script).streamVersion('s')
  assert.ok(process.hrtime.bigint() - before >= 19_000_000n)
})

test('an attempt without an answer in time has failed', async () => {
  const silent: Scripted = (_, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
  const script = scripted(silent, version)
  assert.is(await client(script, { timeoutMs: 20 }).streamVersion('s'), 7)
  await refused(() => client(scripted(silent), { timeoutMs: 5, retry: { attempts: 1 } }).appendToStream('s', plain), 'UNKNOWN_OUTCOME')
})

test('an answer that breaks off in the middle is no answer', async () => {
  const half: Scripted = () => ({ ...answer(200, ''), arrayBuffer: () => Promise.reject(new TypeError('terminated')) })
  assert.is(await client(scripted(half, version)).streamVersion('s'), 7)
  await refused(() => client(scripted(half, stored)).appendToStream('s', plain), 'UNKNOWN_OUTCOME')
})

test('what stands before a node is told from one', async () => {
  const page =
    (status: number): Scripted =>
    () =>
      answer(status, '<html>oops</html>')
  for (const status of [429, 502, 503, 504]) assert.is(await client(scripted(page(status), version)).streamVersion('s'), 7)
  await refused(() => client(scripted(page(504))).appendToStream('s', plain), 'UNKNOWN_OUTCOME')
  for (const status of [302, 404, 405]) {
    const { details } = await refused(() => client(scripted(page(status))).streamVersion('s'), 'INVALID')
    assert.equal([details['field'], details['status']], ['url', status])
  }
  await refused(() => client(scripted(page(200))).streamVersion('s'), 'INVALID')
})

test('tenant and token go with every request, and a path before the routes is kept', async () => {
  const script = scripted(version)
  await client(script, { url: 'https://node.test/events/', tenant: 'blue', token: 't.o.k' }).streamVersion('a/b ü')
  const { url, headers } = script.asked[0]!
  assert.is(url, 'https://node.test/events/v1/streams/a%2Fb%20%C3%BC')
  assert.equal([headers['allsource-tenant'], headers['authorization']], ['blue', 'Bearer t.o.k'])
})

test('options that are none are INVALID and name the field', async () => {
  const bad: readonly (readonly [string, object])[] = [
    ['url', { url: 'localhost:7070' }],
    ['url', { url: 'ftp://x' }],
    ['url', { url: '' }],
    ['url', { url: 'http://user:word@x' }],
    ['url', { url: 'http://x/?a=1' }],
    ['tenant', { tenant: 'a b' }],
    ['tenant', { tenant: '' }],
    ['tenant', { tenant: 'ü' }],
    ['token', { token: 'a\r\nb' }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['retry.attempts', { retry: { attempts: 0 } }],
    ['retry.delayMs', { retry: { delayMs: -1 } }],
  ]
  for (const [field, options] of bad)
    assert.is((await refused(() => client(scripted(version), options), 'INVALID')).details['field'], field, JSON.stringify(options))
})

test('a closed client answers CLOSED, and answers first what was asked', async () => {
  const slow: Scripted = asked => new Promise(resolve => setTimeout(() => resolve(answer(201, JSON.stringify({ path: asked.path }))), 10))
  const node = client(scripted(slow))
  const asked = node.appendToStream('s', plain)
  const closed = node.close()
  await refused(() => node.appendToStream('s', plain), 'CLOSED')
  await refused(() => node.stats(), 'CLOSED')
  await refused(() => node.state('p').get(1), 'CLOSED')
  await closed
  assert.ok(await asked)
  await node.close()
})

test('appends that wait for the ones before them are sent though the client is closing', async () => {
  const script = scripted(stored)
  const node = client(script)
  const asked = Array.from({ length: 9 }, (_, n) => node.appendToStream(`s-${n % 2}`, plain))
  await node.close()
  await Promise.all(asked)
  assert.is(script.asked.length, 9)
})

test('closing ends what waits for something to happen, and what waits to be sent again', async () => {
  const silent: Scripted = (_, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
  const waiting = client(scripted(silent))
  const ended = [refused(() => waiting.topologyEnded('t'), 'CLOSED'), refused(() => waiting.caughtUp(), 'CLOSED')]
  await waiting.close()
  await Promise.all(ended)
  const trying = client(scripted(broken('ECONNREFUSED')), { retry: { delayMs: 60_000, delayMostMs: 60_000 } })
  const failed = refused(() => trying.streamVersion('s'), 'UNREACHABLE')
  await new Promise(resolve => setImmediate(resolve))
  await trying.close()
  await failed
})

test('appends to one stream are sent in the order of the calls, one after another; others do not wait for them', async () => {
  const waiting: (() => void)[] = []
  const held: Scripted = asked => new Promise(resolve => waiting.push(() => resolve(answer(201, JSON.stringify({ path: asked.path })))))
  const script = scripted(held)
  const node = client(script)
  const appends = ['a', 'a', 'b', 'a'].map((stream, n) =>
    node.appendToStream(stream, { type: 'n', data: n }).catch((error: unknown) => error),
  )
  const sent = (): unknown[] => script.asked.map(({ body }) => (JSON.parse(body!) as { data: number }[])[0]!.data)
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(sent(), [0, 2])
  waiting[0]!()
  await appends[0]
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(sent(), [0, 2, 1])
  for (let n = 1; n < 4; n++) {
    while (waiting.length <= n) await new Promise(resolve => setImmediate(resolve))
    waiting[n]!()
  }
  assert.not((await Promise.all(appends)).some(one => isEventStoreError(one)))
  assert.equal(sent(), [0, 2, 1, 3])
})

test.run()
