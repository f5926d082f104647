/** Partition keys that another node claimed, and that a node's own readers do not see yet: appends wait for them and go where they lead. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LocalPort } from '../../actors/local-port.ts'
import { Router } from '../../actors/router.ts'
import { TextHash } from '../../event/hash.ts'
import { limitsWith } from '../../event/limits.ts'
import { emptyOutcome, KEY_CLAIMED, type Outcome, STORED, WRONG_VERSION } from '../../event/outcome.ts'
import { decodeExtras } from '../../event/payload.ts'
import { CLAIM, KEYED } from '../../event/request.ts'
import { RequestCopy } from '../../event/request-copy.ts'
import { RequestView } from '../../event/request-view.ts'
import { StampClock } from '../../event/stamp.ts'
import { partitionOf } from '../../event/stream-id.ts'
import { SharedHorizon } from '../../store/log/horizon.ts'
import { ManualTime } from './manual-time.ts'
import { settle, watched } from './shard-scene.ts'

const PARTITIONS = 16

/** A router whose one shard knows of claims that the router's reader does not see. */
function scene(claimed: Readonly<Record<string, string>>) {
  const time = new ManualTime()
  const stored: { partition: number; stream: string; data: string; key: string | undefined; producer: string; expected: number[] }[] = []
  const seen = new Map<string, string>()
  const view = new RequestView()
  const answer = (): Outcome & { copy?: RequestCopy } => {
    const outcome = emptyOutcome()
    const names = Array.from({ length: view.streams }, (_, stream) => view.streamName(stream))
    const bytes = view.bytes.slice().buffer
    const copy = new RequestCopy({ words: new Uint32Array(bytes), floats: new Float64Array(bytes), bytes: new Uint8Array(bytes) }, 0)
    if (view.flags & CLAIM) return { ...outcome, status: claimed[names[1]!] === undefined ? STORED : WRONG_VERSION, firstVersion: 0, copy }
    const met = view.flags & KEYED ? -1 : names.findIndex(name => claimed[name] !== undefined)
    if (met >= 0) return { ...outcome, status: KEY_CLAIMED, firstVersion: met, copy }
    const extrasBytes = view.extrasTable === view.stampTable ? 0 : view.words[view.extrasTable]!
    const { partitionKey: key } = decodeExtras(view.bytes, view.extras, view.extras + extrasBytes)
    const data = Buffer.from(view.bytes.subarray(view.payload, view.payload + view.payloadBytes)).toString()
    stored.push({
      partition: view.partition,
      stream: names[0]!,
      data,
      key,
      producer: view.producer(),
      expected: names.map((_, stream) => view.expectedOf(stream)),
    })
    return {
      ...outcome,
      status: STORED,
      firstVersion: 1,
      version: view.events,
      firstSequence: 1,
      sequence: view.events,
      stamp: view.firstStamp,
    }
  }
  const port: LocalPort = new LocalPort({
    bytesMax: 1 << 20,
    run: () => {
      while (port.peek(view)) {
        port.answer(view.request, answer())
        port.take()
      }
      port.flush(port.published + 1)
    },
  })
  const router = new Router(1, {
    partitions: PARTITIONS,
    limits: limitsWith({ commitTimeoutMs: 1000 }),
    streamHash: new TextHash(1, 2),
    stamps: new StampClock(0, time),
    horizon: new SharedHorizon(),
    durability: 'os',
    clock: time,
    timers: time,
    othersClaim: true,
  })
  router.keyed.keys.reader = { hasClaims: () => seen.size > 0, claimedKey: stream => seen.get(stream) }
  router.attach(0, port)
  const run = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 5) {
      await settle()
      time.move(5)
    }
    await settle()
  }
  return { router, stored, seen, run }
}

test('an append that meets a key claimed elsewhere waits until it is seen here, goes there whole, and keeps the order of calls', async () => {
  const { router, stored, seen, run } = scene({ s: 'k' })
  const events = [
    { type: 'a', data: 1, tags: ['t'] },
    { type: 'b', data: 2 },
  ]
  const first = watched(router.append('s', events, { producer: 'p', producerSequence: 3 }))
  await run(50)
  // The caller may use its own objects again.
  events[0]!.data = 9
  const second = watched(router.append('s', { type: 'a', data: 3 }))
  await run(50)
  assert.is(first.state, 'pending')
  seen.set('s', 'k')
  await run(50)
  assert.is(first.state, 'answered')
  assert.is(second.state, 'answered')
  const partition = partitionOf('k', PARTITIONS)
  assert.equal(stored, [
    { partition, stream: 's', data: '12', key: 'k', producer: 'p', expected: [-1] },
    { partition, stream: 's', data: '3', key: 'k', producer: '', expected: [-1] },
  ])
  assert.is((first.answer as { partition: number }).partition, partition)
  assert.is((first.answer as { version: number }).version, 2)
  router.stop()
})

test('one that is not seen in time is BUSY, and nothing is stored', async () => {
  const { router, stored, run } = scene({ s: 'k' })
  const late = watched(router.append('s', { type: 'a', data: 1 }))
  await run(1100)
  assert.is(late.code, 'BUSY')
  assert.equal(stored, [])
  router.stop()
})

test('who claims a key behind another node waits to see what that one claimed', async () => {
  const { router, stored, seen, run } = scene({ s: 'k', r: 'k' })
  const same = watched(router.append('s', { type: 'a', data: 1 }, { partitionKey: 'k' }))
  const other = watched(router.append('r', { type: 'a', data: 1 }, { partitionKey: 'other' }))
  await run(50)
  assert.equal([same.state, other.state], ['pending', 'pending'])
  seen.set('s', 'k')
  seen.set('r', 'k')
  await run(50)
  assert.is(same.state, 'answered')
  assert.is(other.code, 'PARTITION_KEY_MISMATCH')
  assert.equal(
    stored.map(({ stream, key }) => [stream, key]),
    [['s', 'k']],
  )
  router.stop()
})

test('an append to several streams goes anew, with what it expects of each', async () => {
  const { router, stored, seen, run } = scene({ '{x}s': 'k', '{x}r': 'k' })
  const both = watched(
    router.appendToStreams([
      { stream: '{x}s', events: [{ type: 'a', data: 1 }] },
      { stream: '{x}r', expectedVersion: 7 },
    ]),
  )
  await run(20)
  assert.is(both.state, 'pending')
  seen.set('{x}s', 'k')
  seen.set('{x}r', 'k')
  await run(20)
  assert.is(both.state, 'answered')
  assert.equal(stored, [{ partition: partitionOf('k', PARTITIONS), stream: '{x}s', data: '1', key: 'k', producer: '', expected: [-1, 7] }])
  router.stop()
})

test.run()
