/** A node on disk keeps the contract of an event store: many partitions on two shards, with segments so short that they end often. */
import { test } from 'uvu'
import { openNode, type Node } from '../../runtime/index.ts'
import { eventStoreContract } from '../contract/event-store.ts'

eventStoreContract(test, {
  name: 'disk, 32 partitions on 2',
  keeps: true,
  open: ({ directory, limits }) => openNode({ directory, partitions: 32, shards: 2, limits: { segmentEntries: 64, ...limits } }),
  appendSystem: (store, stream, events) => (store as Node).router.append(stream, events, {}, { scope: '', isSystem: true }),
})

test.run()
