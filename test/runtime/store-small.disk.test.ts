/** A node on disk with a single partition keeps the contract of an event store, too. */
import { test } from 'uvu'
import { openNode, type Node } from '../../runtime/index.ts'
import { eventStoreContract } from '../contract/event-store.ts'

eventStoreContract(test, {
  name: 'disk, 1 partition',
  keeps: true,
  few: true,
  open: ({ directory, limits }) => openNode({ directory, partitions: 1, durability: 'os', limits: { segmentEntries: 64, ...limits } }),
  appendSystem: (store, stream, events) => (store as Node).router.append(stream, events, {}, { scope: '', isSystem: true }),
})

test.run()
