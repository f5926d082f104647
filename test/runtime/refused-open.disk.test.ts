/** What a node that could not be opened leaves behind: nothing that keeps the process, or the store. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { isEventStoreError } from '../../event/error.ts'
import { openNode } from '../../runtime/index.ts'
import { openRocks } from '../../store/rocks.ts'
import { all } from '../contract/event-store/scene.ts'

const options = { partitions: 1, shards: 1, limits: { segmentEntries: 128 } } as const
const topology = new URL('./topologies/tenants.yaml', import.meta.url)

/** The first blocks of the log are those of these streams, in this order. */
const ownStreams = ['$topologies', '$tenants', '$topologies of a tenant'] as const

async function makeStore(directory: string): Promise<number> {
  const node = await openNode({ directory, ...options })
  await node.deploy(topology)
  await node.tenant('acme').deploy(topology)
  for (let i = 0; i < 10; i++) {
    await node.appendToStream(
      `s-${i}`,
      Array.from({ length: 100 }, (_, n) => ({ type: 'noted', data: { n } })),
    )
  }
  const events = await all(node.readAll())
  await node.close()
  return events.length
}

/** Exchanges one block of the log for another; gives back what was there. */
async function exchangeBlock(directory: string, number: number, exchange: (block: Uint8Array) => Uint8Array): Promise<Uint8Array> {
  const kv = await openRocks(join(directory, 'shard-00'), { columns: { log: 'rising', index: 'scattered', meta: 'small' }, create: false })
  try {
    const { keys, values } = kv.scan('log', { limit: number + 1 })
    const batch = kv.batch()
    batch.put('log', keys[number]!, exchange(values[number]!))
    kv.write(batch, { sync: true })
    return values[number]!
  } finally {
    await kv.close()
  }
}

const outcome = (directory: string): Promise<string> =>
  openNode({ directory, ...options }).then(
    async node => node.close().then(() => 'opened'),
    (error: unknown) => (isEventStoreError(error) ? `${error.code}: ${error.message}` : String(error)),
  )

for (const [block, stream] of ownStreams.entries()) {
  test(`a node whose ${stream} is damaged is refused, again and again, and opens when it is whole`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'allsource-refused-'))
    try {
      const events = await makeStore(directory)
      const whole = await exchangeBlock(directory, block, bytes => Buffer.from(bytes).fill(0xff, 70, 80))
      const refusal = `DAMAGED: shard 0: block ${block}: checksum of the block does not match`
      // A thread that was left would hold the database, and keep this process.
      assert.deepEqual([await outcome(directory), await outcome(directory)], [refusal, refusal])
      await exchangeBlock(directory, block, () => whole)
      const node = await openNode({ directory, ...options })
      assert.equal((await all(node.readAll())).length, events)
      await node.close()
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
}

test.run()
