/** A tenant of a node in memory keeps the contract of an event store, though others use the node with the same names. */
import { test } from 'uvu'
import { scopeFor } from '../../event/scope.ts'
import { eventStoreContract } from '../contract/event-store.ts'
import { openTenant } from './tenant-store.ts'

eventStoreContract(test, {
  name: 'tenant in memory',
  scope: scopeFor('acme'),
  keeps: false,
  open: ({ limits }) => openTenant({ memory: true, partitions: 3, shards: 2, limits: { segmentEntries: 64, ...limits } }),
})

test.run()
