/** Reads by pages give what reading at once would, and end where the log ended when they began. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { all, first, range, refused, versions } from '../contract/event-store/scene.ts'
import { logFetch } from './log-fetch.ts'
import { client, problem, type Scripted, scripted } from './scripted-fetch.ts'

test('pages of any size give every event once', async () => {
  const shape = {
    count: fc.integer({ min: 0, max: 1500 }),
    pageMost: fc.integer({ min: 1, max: 700 }),
    limit: fc.option(fc.nat(1600), { nil: undefined }),
  }
  await fc.assert(
    fc.asyncProperty(fc.record(shape), async ({ count, pageMost, limit }) => {
      const node = client(scripted(logFetch(count, [0, 3], { pageMost })))
      const options = limit === undefined ? {} : { limit }
      const wanted = range(1, Math.min(count, limit ?? count))
      assert.equal(versions(await all(node.readAll(options))), wanted)
      if (count > 0) assert.equal(versions(await all(node.readStream('s', options))), wanted)
    }),
    { numRuns: 25 },
  )
})

test('only what is pulled is asked for', async () => {
  const script = scripted(logFetch(5000, [0]))
  const node = client(script)
  const read = node.readAll()
  assert.is(script.asked.length, 0)
  await first(read, 10)
  assert.is(script.asked.length, 1)
})

test('pages shrink when events are large, and grow when they are small', async () => {
  const limits = async (size: number): Promise<number[]> => {
    const script = scripted(logFetch(1500, [size]))
    await all(client(script).readStream('s'))
    return script.asked.flatMap(({ url }) => Number(new URL(url).searchParams.get('limit') ?? 0) || [])
  }
  assert.equal(await limits(10_000), [256, 128, 64, ...(await limits(10_000)).slice(3)])
  assert.ok((await limits(10_000)).every(limit => limit >= 32))
  assert.equal((await limits(1)).slice(0, 3), [256, 512, 1024])
})

test('a read that is slower than the writers ends where the log was soon after it began', async () => {
  let count = 300
  const growing: Scripted = (asked, signal) => logFetch((count += 200), [0])(asked, signal)
  for (const read of [client(scripted(growing)).readAll(), client(scripted(growing)).readStream('s')]) {
    count = 300
    const seen = versions(await all(read))
    assert.equal(seen, range(1, seen.length))
    assert.ok(seen.length <= 1000, String(seen.length))
  }
})

test('a limit of nothing asks only whether there is such a stream', async () => {
  assert.equal(await all(client(scripted(logFetch(4, [0]))).readStream('s', { limit: 0 })), [])
  await refused(() => all(client(scripted(logFetch(0, [0]))).readStream('s', { limit: 0 })), 'STREAM_NOT_FOUND')
})

test('a failure in the middle is heard of behind what was read', async () => {
  let pages = 0
  const failing: Scripted = (asked, signal) =>
    (++pages > 3 ? problem('DAMAGED', { details: { partition: 1 } }) : logFetch(5000, [0]))(asked, signal)
  const seen: number[] = []
  await refused(async () => {
    for await (const { data } of client(scripted(failing)).readStream<{ type: 'a'; data: { n: number } }>('s')) seen.push(data.n)
  }, 'DAMAGED')
  assert.equal(seen, range(1, 256 + 512))
})

test.run()
