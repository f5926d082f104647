/** A node in memory keeps the contract of an event store, whatever its partitions and shards. */
import { test } from 'uvu'
import { openNode, type Node } from '../../runtime/index.ts'
import { eventStoreContract } from '../contract/event-store.ts'

const shapes = [
  { partitions: 1, shards: 1 },
  { partitions: 3, shards: 2 },
  { partitions: 32, shards: 2 },
  { partitions: 32, shards: 1 },
]

for (const shape of shapes) {
  eventStoreContract(test, {
    name: `memory, ${shape.partitions} partitions on ${shape.shards}`,
    keeps: false,
    open: ({ limits }) => openNode({ memory: true, ...shape, limits: { segmentEntries: 64, ...limits } }),
    appendSystem: (store, stream, events) => (store as Node).router.append(stream, events, {}, { scope: '', isSystem: true }),
  })
}

test.run()
