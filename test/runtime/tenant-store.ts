/** A tenant of a node that others use as well, as a store of its own: what it does must not depend on who else is there. */
import type { OpenOptions } from '../../runtime/index.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import type { OpenStore } from '../contract/event-store/scene.ts'

/** Names that are used in the contract: others have streams and ids of the same names. */
const names = ['thing-1', 'thing-2', 'thing-10', '{a}b', 'x']

/** The store of a tenant, whose `close` closes the node. */
export async function openTenant(options: OpenOptions, name = 'acme'): Promise<OpenStore> {
  const node = await openNode(options)
  const others = [node, node.tenant('other')]
  // Stores with small limits may refuse it.
  for (const other of others) for (const stream of names) await other.appendToStream(stream, noise).catch(() => undefined)
  return storeOf(node, name)
}

const noise = ['a', 'b', 'id-1'].map(id => ({ type: 'noise', data: 0, id }))

function storeOf(node: Node, name: string): OpenStore {
  const tenant = node.tenant(name)
  return new Proxy(tenant, {
    get(target, property) {
      if (property === 'close') return () => node.close()
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  }) as unknown as OpenStore
}
