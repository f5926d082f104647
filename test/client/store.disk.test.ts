/** A node in memory asked over TCP, and one on disk asked over its unix socket, keep the contract of an event store. */
// Deadline: 600 s
import { test } from 'uvu'
import { connect, type RemoteTenant } from '../../client/index.ts'
import { connectSocket } from '../../client/socket.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { eventStoreContract, type StoreMaker } from '../contract/event-store.ts'

/** Nodes by the clients that ask them. */
const nodes = new WeakMap<object, Node>()

const leftOut = {
  'events of one caller come in the order of its calls':
    'calls that are not awaited travel on connections of their own; over streams, appendInOrder keeps their order',
}

function maker(name: string, keeps: boolean, way: (addresses: Readonly<Record<string, string>>) => RemoteTenant): StoreMaker {
  return {
    name,
    keeps,
    leftOut,
    async open({ directory, limits }) {
      const place = keeps ? { directory } : { memory: true as const }
      const node = await openNode({ ...place, partitions: 8, shards: 1, limits: { segmentEntries: 64, ...limits } })
      const { addresses } = await node.serve({ port: 0 })
      const client = way(addresses)
      nodes.set(client, node)
      const { close } = client
      let closed: Promise<void> | null = null
      client.close = () => (closed ??= close.call(client).then(() => node.close()))
      return client
    },
    appendSystem: (store, stream, events) => nodes.get(store)!.router.append(stream, events, {}, { scope: '', isSystem: true }),
  }
}

eventStoreContract(
  test,
  maker('over TCP', false, ({ http }) => connect({ url: http! })),
)
// The same client and door, another transport, and a directory: a store of its own for each sentence would show nothing new.
eventStoreContract(test, { ...maker('over a socket', true, ({ socket }) => connectSocket({ socket: socket! })), few: true })

test.run()
