/** Dead letters that can not hold their payload, and the one writer of state: epochs together in one write, none after a failure. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EpochGatherer } from '../../actors/epoch.ts'
import { decodeRequest, eventsOf } from '../../actors/outbox.ts'
import type { RowOrigin } from '../../actors/source.ts'
import { StateWriter } from '../../actors/state-writer.ts'
import { isEventStoreError } from '../../event/error.ts'
import { limitsWith } from '../../event/limits.ts'
import { EpochBytes } from '../../store/epoch-bytes.ts'
import { scanPrefix, stepPrefix } from '../../store/state.ts'
import { StandInStore } from './pipeline-stand-ins.ts'

type Letter = {
  readonly payload: unknown
  readonly row: unknown
  readonly cause: string
  readonly position: string | null
  readonly replayable: boolean
}

function letterOf(data: Uint8Array | undefined, options: { encoding?: RowOrigin['encoding']; row?: object; cause?: string } = {}): Letter {
  const origin = data && {
    place: { stamp: 1, partition: 0, sequence: 1 },
    stream: 's',
    type: 't',
    encoding: options.encoding ?? 'json',
    data,
  }
  const limits = limitsWith({ eventBytes: 4000 })
  const parts = { topology: 't', deployment: 1, partitions: 1, limits, row: undefined, isRepeating: false, beat: () => undefined }
  const gatherer = new EpochGatherer({ ...parts, store: new StandInStore(), originOf: () => origin })
  gatherer.dead({ step: 'x', cause: options.cause ?? 'why', order: 1, row: { ...options.row }, attempts: 1, input: 0 })
  const sealed = gatherer.seal('running', { place: null, rows: 1, sequences: {} }, {})
  const request = decodeRequest(sealed.requests[0]!)
  const [event] = eventsOf(request)
  assert.equal([event?.stream, request.number], ['$dead-letter-t', 1])
  return event?.data as Letter
}

test('a dead letter holds the payload as far as it can be read', () => {
  assert.equal(letterOf(Buffer.from('{"a":1}')).payload, { a: 1 })
  assert.equal(letterOf(Buffer.from('{"a":')).payload, { $bytes: Buffer.from('{"a":').toString('base64') })
  assert.equal(letterOf(Uint8Array.of(1, 2), { encoding: 'bytes' }).payload, { $bytes: 'AQI=', encoding: 'bytes' })
  assert.equal(letterOf(undefined, { row: { a: 2 } }).payload, { a: 2 })
  assert.is(letterOf(undefined).position, null)
})

test('a dead letter that is too large, too deep or no JSON still says where its event is', () => {
  const large = letterOf(Buffer.from(JSON.stringify('x'.repeat(5000))))
  assert.equal([large.payload, large.row, typeof large.position], [null, {}, 'string'])
  const kept = letterOf(Buffer.from(JSON.stringify('x'.repeat(5000))), { row: { a: 1 } })
  assert.equal([kept.payload, kept.row, kept.replayable], [null, { a: 1 }, true])
  const wide = letterOf(Buffer.from('1'), { row: { a: 'x'.repeat(5000) } })
  assert.equal([wide.payload, wide.row, wide.replayable], [null, {}, false])
  const deep = letterOf(Buffer.from('['.repeat(64) + ']'.repeat(64)))
  assert.equal([deep.payload, typeof deep.position], [null, 'string'])
  const odd = letterOf(Buffer.from('1'), { row: { big: 1n } })
  assert.equal([odd.payload, odd.row, odd.replayable], [1, { big: '1' }, false])
  assert.ok(letterOf(Buffer.from('1'), { cause: 'y'.repeat(100_000) }).cause.length < 4000)
})

function epochOf(topology: string, key: string): Uint8Array<ArrayBuffer> {
  const bytes = new EpochBytes()
  bytes.put('state', stepPrefix(topology, 's', 1), Buffer.from(key), Buffer.from('1'))
  return bytes.take()
}

test('epochs that wait together share one write', async () => {
  const store = new StandInStore()
  const writer = new StateWriter(store)
  const topologies = ['a', 'b', 'c']
  for (const topology of topologies) await writer.begin(topology, 1)
  await Promise.all(topologies.map(topology => writer.write({ topology, incarnation: 1, bytes: epochOf(topology, 'k') })))
  assert.is(store.writes, 1)
  for (const topology of topologies) assert.is([...scanPrefix(store, 'state', stepPrefix(topology, 's', 1))].length, 1)
})

test('what waited is written before another incarnation begins, and nothing of the old one after', async () => {
  const store = new StandInStore()
  const writer = new StateWriter(store)
  await writer.begin('a', 1)
  const waited = writer.write({ topology: 'a', incarnation: 1, bytes: epochOf('a', 'before') })
  await writer.begin('a', 2)
  await waited
  const late = await writer.write({ topology: 'a', incarnation: 1, bytes: epochOf('a', 'after') }).catch((error: unknown) => error)
  assert.ok(isEventStoreError(late, 'CLOSED'))
  const keys = [...scanPrefix(store, 'state', stepPrefix('a', 's', 1))].map(([key]) => Buffer.from(key).toString())
  assert.equal(keys, ['before'])
})

test('a write that failed is the last one', async () => {
  const store = new StandInStore()
  const writer = new StateWriter(store)
  await writer.begin('a', 1)
  const write = store.write.bind(store)
  store.write = () => {
    throw new Error('no space left on device')
  }
  const attempt = (): Promise<unknown> =>
    writer.write({ topology: 'a', incarnation: 1, bytes: epochOf('a', 'k') }).catch((error: unknown) => error)
  assert.ok(isEventStoreError(await attempt(), 'READ_ONLY'))
  store.write = write
  assert.ok(isEventStoreError(await attempt(), 'READ_ONLY'))
  assert.ok(isEventStoreError(await writer.drop('a').catch((error: unknown) => error), 'READ_ONLY'))
  assert.is(store.rows.size, 0)
})

test.run()
