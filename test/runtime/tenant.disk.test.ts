/** A tenant of a node on disk keeps the contract of an event store, though others use the node with the same names. */
import { test } from 'uvu'
import { scopeFor } from '../../event/scope.ts'
import { eventStoreContract } from '../contract/event-store.ts'
import { openTenant } from './tenant-store.ts'

eventStoreContract(test, {
  name: 'tenant on disk',
  scope: scopeFor('acme'),
  keeps: true,
  open: ({ directory, limits }) => openTenant({ directory, partitions: 3, shards: 2, limits: { segmentEntries: 64, ...limits } }),
})

test.run()
