/** What a follower of JetStream meets and goes on from: consumers that vanish, handlers that fail or are slow, connections that break. */
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openSharedLog, prepareNats } from '../../cluster/jetstream.ts'
import { streamOf } from '../../cluster/nats-subjects.ts'
import { collect, write } from '../contract/cluster/log-scene.ts'
import { pause, text, until } from '../contract/cluster/scene.ts'
import { startNatsServers } from '../fixtures/nats-servers.ts'

const nats = await startNatsServers({ count: 1 })
const options = { servers: nats.urls, monitors: nats.monitors, name: 'shop', partitions: 8, streams: 2, replicas: 1 }
await prepareNats(options)
const log = await openSharedLog(options)
const connection = await connect({ servers: nats.urls })
const jetstream: JetStreamManager = await jetstreamManager(connection)

test.after(async () => {
  await Promise.all([log.close(), connection.close()])
  await nats.close()
})

async function consumers(stream: string): Promise<string[]> {
  const names: string[] = []
  for await (const info of jetstream.consumers.list(stream)) names.push(info.name)
  return names
}

test('a consumer that is deleted under it is made anew, and nothing is lost or out of order', async () => {
  const stream = streamOf('shop', 0)
  const all = collect(log, [0])
  let last = 0
  for (let round = 0; round < 5; round++) {
    const texts = Array.from({ length: 20 }, (_, n) => `${round}.${String(n).padStart(2, '0')}`)
    const writing = write(log, 0, texts, last)
    await until('there is a consumer', async () => (await consumers(stream)).length > 0)
    for (const name of await consumers(stream)) await jetstream.consumers.delete(stream, name)
    last = await writing
  }
  await until('all came', () => all.texts.length === 100)
  await all.close()
  assert.equal(all.faults, [])
  assert.equal(all.texts, [...all.texts].sort())
  await until('its consumer is gone', async () => (await consumers(stream)).length === 0)
})

test('a handler that fails gets the same message again, and what is wrong is told until it takes it', async () => {
  const taken: string[] = []
  const troubles: (string | null)[] = []
  let failures = 0
  await write(log, 1, ['a', 'b', 'c'])
  const following = log.follow({
    partitions: [1],
    after: () => 0,
    message: message => {
      if (text(message.bytes) === 'b' && failures++ < 2) throw new Error('not now')
      taken.push(text(message.bytes))
    },
    trouble: reason => void troubles.push(reason),
  })
  await until('all came', () => taken.length === 3)
  await until('the trouble is over', () => troubles.at(-1) === null)
  await following.close()
  assert.equal(taken, ['a', 'b', 'c'])
  assert.ok(troubles.some(reason => reason?.includes('not now')))
})

test('a slow handler makes the server hold back: what waits here is bounded', async () => {
  const stream = streamOf('shop', 0)
  const large = new Uint8Array(512 * 1024)
  let last = 0
  for (let n = 0; n < 40; n++) {
    const append = await log.append(2, last, [large])
    if (append.kind === 'committed') last = append.sequence
  }
  let open: () => void = () => undefined
  const gate = new Promise<void>(resolve => (open = resolve))
  let taken = 0
  const following = log.follow({
    partitions: [2],
    after: () => 0,
    message: async () => {
      taken++
      await gate
    },
  })
  await until('it has begun', () => taken === 1)
  // Long enough for everything to come if nothing held it back.
  let delivered = 0
  for (let same = 0; same < 20; same++) {
    await pause(50)
    const [name] = await consumers(stream)
    const now = (await jetstream.consumers.info(stream, name!)).delivered.consumer_seq
    if (now !== delivered) same = 0
    delivered = now
  }
  assert.ok(delivered < 20, `${delivered} messages of half a mebibyte were sent to a handler that holds the first`)
  open()
  await until('all came', () => taken >= 40)
  await following.close()
})

test('a log that is closed ends its followers', async () => {
  const other = await openSharedLog(options)
  let taken = 0
  other.follow({ partitions: [4], after: () => 0, message: () => void taken++ })
  await write(log, 4, ['a'])
  await until('it came', () => taken === 1)
  await other.close()
  await write(log, 4, ['b'], (await log.last(4))!.sequence)
  const witness = collect(log, [4])
  await until('another has both', () => witness.texts.length === 2)
  await witness.close()
  assert.is(taken, 1)
})

test.run()
