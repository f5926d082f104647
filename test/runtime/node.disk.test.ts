/** The life of a node on disk: its workers may die at any moment, it closes at any moment, and two live in one process. CYCLES=1000 does more. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import type { Event, NewEvent } from '../../event/event.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import type { OpenOptions } from '../../runtime/index.ts'
import { all, append, first, pause, positions, range, refused, some, versions } from '../contract/event-store/scene.ts'

const cycles = Number(process.env['CYCLES'] ?? 12)

/** Workers of this process that live, the newest last. */
const workers: Worker[] = []
process.on('worker', worker => {
  workers.push(worker)
  worker.once('exit', () => workers.splice(workers.indexOf(worker), 1))
})
const shardWorkers = (): Worker[] => workers.filter(worker => worker.threadName?.startsWith('shard'))

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'allsource-node-'))
  try {
    await work(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Runs `work` on a node of a fresh directory, then closes it. */
const withNode = (options: Partial<OpenOptions>, work: (node: Node, directory: string) => Promise<void>): Promise<void> =>
  inDirectory(async directory => {
    const node = await openNode({
      directory,
      partitions: 4,
      shards: 2,
      workers: 1,
      limits: { segmentEntries: 64 },
      ...options,
    } as OpenOptions)
    try {
      await work(node, directory)
    } finally {
      await node.close()
    }
  })

/** Sends a request with ids until it is answered, as a careful client does. */
async function careful(node: Node, stream: string, events: readonly NewEvent[]): Promise<'at once' | 'unknown' | 'busy'> {
  let met: 'at once' | 'unknown' | 'busy' = 'at once'
  for (;;) {
    try {
      await node.appendToStream(stream, events)
      return met
    } catch (error) {
      if (isEventStoreError(error, 'UNKNOWN_OUTCOME')) met = 'unknown'
      else if (isEventStoreError(error, 'BUSY')) met = met === 'unknown' ? met : 'busy'
      else throw error
      await pause(5)
    }
  }
}

/** Reads, waiting while a shard is opened again. */
async function patient<T>(read: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await read()
    } catch (error) {
      if (!isEventStoreError(error, 'BUSY')) throw error
      await pause(5)
    }
  }
}

test('a worker that dies: what is in flight is UNKNOWN_OUTCOME and never silence, it is started again, nothing is lost, doubled or skipped by followers', () =>
  withNode({}, async node => {
    const clients = 20
    const requests = 40
    const total = clients * requests * 2
    const followed = Promise.all([first(node.subscribeToAll(), total), first(node.subscribeToStream('c-3'), requests * 2)])
    const met = { 'at once': 0, unknown: 0, busy: 0 }
    let done = 0
    const work = Array.from({ length: clients }, async (_, client) => {
      for (let n = 0; n < requests; n++) {
        const events = [0, 1].map(i => ({ type: 'a', data: { n, i }, id: `${client}-${n}-${i}` }))
        met[await careful(node, `c-${client}`, events)]++
        done++
        if (n % 3 === 0) assert.ok((await patient(() => node.streamVersion(`c-${client}`))) >= (n + 1) * 2)
      }
    })
    for (const share of [0.2, 0.5, 0.8]) {
      while (done < clients * requests * share) await pause(1)
      const alive = shardWorkers()
      await Promise.all(alive.slice(0, share === 0.5 ? 2 : 1).map(worker => worker.terminate()))
    }
    await Promise.all(work)
    assert.ok(met.unknown + met.busy > 0, 'a kill was met')
    for (let client = 0; client < clients; client++) {
      const events = await patient(() => all(node.readStream(`c-${client}`)))
      assert.equal(
        events.map(event => event.data),
        range(0, requests - 1).flatMap(n => [
          { n, i: 0 },
          { n, i: 1 },
        ]),
      )
      assert.equal(versions(events), range(1, requests * 2))
    }
    const every = await patient(() => all(node.readAll()))
    assert.is(every.length, total)
    for (const partition of range(0, 3)) {
      const sequences = every.filter(event => event.partition === partition).map(event => event.sequence)
      assert.equal(sequences, range(1, sequences.length))
    }
    const [ofAll, ofOne] = await followed
    assert.equal(positions(ofAll), positions(every))
    assert.equal(versions(ofOne), range(1, requests * 2))
  }))

test('a node closes while its workers are being started again', async () => {
  for (const wait of [0, 1, 30]) {
    await withNode({}, async node => {
      await append(node, 'mine', some(3))
      await Promise.all(shardWorkers().map(worker => worker.terminate()))
      await pause(wait)
    })
    assert.is(workers.length, 0)
  }
})

test('a worker that dies again and again is left alone: appends to its shard are READ_ONLY, reads go on, the node closes, and opens again', () =>
  inDirectory(async directory => {
    const options = { directory, partitions: 1, shards: 1, workers: 1 }
    const node = await openNode(options)
    await append(node, 'mine', some(3))
    const ended = Date.now() + 60_000
    for (let lives = 0; lives < 10 && Date.now() < ended; lives++) {
      for (let wait = 0; shardWorkers().length === 0 && wait < 50; wait++) await pause(2)
      await shardWorkers()[0]?.terminate()
    }
    await pause(20)
    assert.is(shardWorkers().length, 0)
    await refused(() => node.appendToStream('mine', some(1)), 'READ_ONLY')
    await refused(() => node.appendInOrder([{ stream: 'mine', event: some(1)[0]! }]), 'READ_ONLY')
    assert.equal(versions(await patient(() => all(node.readStream('mine')))), [1, 2, 3])
    await node.close()
    const again = await openNode(options)
    assert.is((await append(again, 'mine', some(1))).version, 4)
    await again.close()
  }))

test('two nodes live in one process: each has its own events, and closing one leaves the other alone', () =>
  withNode({}, one =>
    withNode({ partitions: 3, shards: 1 }, async two => {
      await Promise.all([one, two].map((node, n) => append(node, 'mine', some(2 + n))))
      const follower = first(two.subscribeToAll(), 5)
      const reader = two.readStream('mine')[Symbol.asyncIterator]()
      await reader.next()
      await one.close()
      await refused(() => one.streamVersion('mine'), 'CLOSED')
      assert.is(((await reader.next()).value as Event).version, 2)
      await append(two, 'mine', some(2))
      assert.is((await follower).length, 5)
      assert.equal(versions(await all(two.readStream('mine'))), range(1, 5))
    }),
  ))

test(`a node opened and closed ${cycles} times, in the middle of reads, appends and subscriptions, never hangs and never dies`, () =>
  inDirectory(async directory => {
    let stored = 0
    for (let cycle = 0; cycle < cycles; cycle++) {
      const node = await openNode({ directory, partitions: 3, workers: 1, limits: { segmentEntries: 64 } })
      assert.is(await node.streamVersion('mine'), stored)
      await append(node, 'mine', some(5), { expectedVersion: stored })
      stored += 5
      const reads = Promise.allSettled<unknown>([
        all(node.readAll()),
        all(node.readStream('mine', { direction: 'backwards' })),
        all(node.subscribeToAll()),
        all(node.subscribeToStream('mine')),
      ])
      const appends = Promise.allSettled(Array.from({ length: 20 }, () => append(node, 'mine', some(1))))
      for (let turns = 0; turns < cycle % 5; turns++) await new Promise(resolve => setImmediate(resolve))
      if (cycle % 4 === 3) void shardWorkers()[0]?.terminate()
      await node.close()
      for (const end of await reads) {
        if (end.status === 'rejected')
          assert.ok(isEventStoreError(end.reason, 'CLOSED') || isEventStoreError(end.reason, 'BUSY'), String(end.reason))
      }
      for (const end of await appends) {
        if (end.status === 'fulfilled') stored = Math.max(stored, end.value.version)
        else assert.ok(isEventStoreError(end.reason, 'UNKNOWN_OUTCOME'), String(end.reason))
      }
      if (cycle % 4 === 3) {
        const again = await openNode({ directory, workers: 1 })
        assert.ok((await again.streamVersion('mine')) >= stored)
        stored = await again.streamVersion('mine')
        await again.close()
      }
      assert.is(workers.length, 0)
    }
  }))

test.run()
