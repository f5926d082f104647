/** A follow meets every event once, in order, wherever its connections break. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Event } from '../../event/event.ts'
import { all, first, positions, range, refused, versions } from '../contract/event-store/scene.ts'
import { logFetch } from './log-fetch.ts'
import { broken, client, json, problem, type Scripted, scripted, streamed } from './scripted-fetch.ts'

test('wherever connections break, each event comes once and in order', async () => {
  const shape = { count: fc.integer({ min: 1, max: 40 }), sizes: fc.array(fc.nat(50), { minLength: 1 }), breaks: fc.array(fc.nat(5000)) }
  await fc.assert(
    fc.asyncProperty(fc.record({ ...shape, from: fc.nat(39) }), async ({ count, sizes, breaks, from }) => {
      const script = scripted(logFetch(count, sizes, { breaks }))
      const node = client(script, { retry: { attempts: breaks.length + 2, delayMs: 0 } })
      const begin = Math.min(from, count - 1)
      const ofStream = await first(node.subscribeToStream('s', { from: begin }), count - Math.max(0, begin - 1))
      assert.equal(versions(ofStream), range(Math.max(1, begin), count))
      const ofAll = await first(
        client(scripted(logFetch(count, sizes, { breaks })), { retry: { attempts: 99, delayMs: 0 } }).subscribeToAll(),
        count,
      )
      assert.equal(versions(ofAll), range(1, count))
      const [place] = positions(ofAll)
      const after = client(scripted(logFetch(count, sizes, { breaks })), { retry: { attempts: 99, delayMs: 0 } })
      assert.equal(versions(await first(after.subscribeToAll({ from: place! }), count - 1)), range(2, count))
    }),
    { numRuns: 60 },
  )
})

test('a filtered follow goes on from where it was, though no event passed', async () => {
  const said: Scripted = () => streamed([new TextEncoder().encode('{"position":"0.9.0.4"}\n')], true)
  const script = scripted(said, problem('FORBIDDEN'))
  const places: string[] = []
  const options = { types: ['t,1', 't2'], categories: ['c'], system: true, reached: (position: string) => void places.push(position) }
  await refused(() => all(client(script).subscribeToAll(options)), 'FORBIDDEN')
  assert.equal(places, ['0.9.0.4'])
  assert.equal(
    script.asked.map(({ path }) => path),
    ['/v1/follow?types=t%2C1&types=t2&categories=c&system=true', '/v1/follow?types=t%2C1&types=t2&categories=c&system=true&from=0.9.0.4'],
  )
})

test('a node that is not there ends a follow after as many attempts as were allowed without a word between', async () => {
  const lines = new TextEncoder().encode('\n')
  const alive: Scripted = () => streamed([lines], true)
  const script = scripted(broken('ECONNREFUSED'), broken('ECONNREFUSED'), alive, broken('ECONNREFUSED'))
  await refused(() => all(client(script, { retry: { attempts: 3, delayMs: 0 } }).subscribeToAll()), 'UNREACHABLE')
  assert.ok(script.asked.length >= 3)
})

test('what a node refuses is not asked again; what passes is', async () => {
  const refusing = scripted(problem('INVALID'))
  await refused(() => all(client(refusing).subscribeToStream('s')), 'INVALID')
  assert.is(refusing.asked.length, 1)
  const error = { code: 'DAMAGED', message: 'gone', details: { partition: 3 } }
  const midway = scripted(() => streamed([new TextEncoder().encode(`${JSON.stringify({ error })}\n`)], false))
  assert.equal((await refused(() => all(client(midway).subscribeToStream('s')), 'DAMAGED')).details, { partition: 3 })
  const busy = scripted(problem('BUSY'), logFetch(3, [0]))
  assert.equal(versions(await first(client(busy).subscribeToStream('s'), 3)), [1, 2, 3])
})

test('the end is asked for at the call, and appends of later calls wait until it is known', async () => {
  const order: string[] = []
  let tell = (): void => undefined
  const asked = new Promise<void>(resolve => (tell = resolve))
  const node = client(
    scripted(async one => {
      if (one.method === 'GET' && one.path === '/v1/streams/s') await asked
      order.push(`${one.method} ${one.path}`)
      if (one.path.startsWith('/v1/follow')) return logFetch(9, [0])(one, AbortSignal.abort())
      return json({ stream: 's', version: 4, position: '0.0.0.5' })(one, AbortSignal.abort())
    }),
  )
  const follow = node.subscribeToStream('s', { from: 'end' })
  const appended = node.appendToStream('t', { type: 'a', data: 1 })
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(order, [])
  tell()
  await appended
  assert.equal(versions(await first(follow, 2)), [5, 6])
  assert.equal(order, ['GET /v1/streams/s', 'POST /v1/streams/t/events', 'GET /v1/follow?stream=s&from=5'])
})

test('an end that can not be known is heard of at the first pull', async () => {
  const node = client(scripted(problem('FORBIDDEN')))
  const follow = node.subscribeToAll({ from: 'end' })
  await new Promise(resolve => setImmediate(resolve))
  await refused(() => all(follow), 'FORBIDDEN')
})

test('a list of nothing lets nothing pass, and waits', async () => {
  const script = scripted(problem('INVALID'))
  const node = client(script)
  assert.equal(await all(node.readAll({ types: [] })), [])
  const stop = new AbortController()
  const waiting = all(node.subscribeToAll({ categories: [], signal: stop.signal }))
  setImmediate(() => stop.abort())
  assert.equal(await waiting, [])
  const closed = refused(() => all(node.subscribeToAll({ types: [] })), 'CLOSED')
  await new Promise(resolve => setImmediate(resolve))
  await node.close()
  await closed
  assert.is(script.asked.length, 0)
})

/** A connection that says nothing, and when it was given up. */
function silent(): { script: Scripted; gone: Promise<void>; isGone: () => boolean } {
  const { promise: gone, resolve } = Promise.withResolvers<void>()
  let isGone = false
  const script: Scripted = (_, signal) => {
    signal.addEventListener('abort', () => ((isGone = true), resolve()))
    const body = (async function* (): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode('\n')
      await gone
      throw new TypeError('aborted')
    })()
    return { ...streamed([], false), body }
  }
  return { script, gone, isGone: () => isGone }
}

test('whoever stops following frees the connection: by a signal, by leaving, by closing', async () => {
  const bySignal = silent()
  const stop = new AbortController()
  const waiting = all(client(scripted(bySignal.script)).subscribeToAll({ signal: stop.signal }))
  setTimeout(() => stop.abort(), 5)
  assert.equal(await waiting, [])
  await bySignal.gone
  const byClose = silent()
  const node = client(scripted(byClose.script))
  const closed = refused(() => all(node.subscribeToAll()), 'CLOSED')
  setTimeout(() => void node.close(), 5)
  await closed
  await byClose.gone
  let signal: AbortSignal | undefined
  const leaving = client(scripted((asked, given) => ((signal = given), logFetch(9, [0])(asked, given))))
  for await (const { version } of leaving.subscribeToStream<Event>('s')) if (version === 2) break
  assert.ok(signal?.aborted)
})

test.run()
