/**
 * Tenants on disk: their topologies run in the node's threads, restarts find all of them again, and one that is dropped leaves nothing, whenever the
 * process dies.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { type Node, openNode, type Tenant } from '../../runtime/index.ts'
import { all, refused } from '../contract/event-store/scene.ts'

const topology = new URL('./topologies/tenants.yaml', import.meta.url)
const CANARY = 'tell-tale'

async function inDirectory(run: (directory: string, open: () => Promise<Node>) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'allsource-tenants-'))
  let node: Node | null = null
  try {
    await run(directory, async () => {
      await node?.close()
      return (node = await openNode({ directory, partitions: 4, shards: 2, epochMs: 20, limits: { segmentEntries: 512 } }))
    })
  } finally {
    await (node as Node | null)?.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Each event has the canary in its data, its stream, its type, its id, its tags and its metadata. */
function placed(
  who: string,
  count: number,
  from = 0,
): { stream: string; event: { type: string; data: unknown; id: string; tags: string[]; metadata: Record<string, unknown> } }[] {
  return Array.from({ length: count }, (_, i) => {
    const n = from + i
    return {
      stream: `order-${who}-${n % 50}`,
      event: {
        type: 'placed',
        data: { who, nth: n, amount: 1 + (n % 7) },
        id: `${who}-${n}`,
        tags: [who],
        metadata: { correlationId: `${who}-${n % 9}` },
      },
    }
  })
}

const countOf = async (tenant: Tenant, who: string): Promise<unknown> => (await tenant.state('tenant-sums').get(who))?.value

test('topologies of tenants run side by side, over restarts', () =>
  inDirectory(async (_, open) => {
    let node = await open()
    const stores = (): [string, Tenant][] => [
      ['node', node],
      ...['acme', 'beta'].map((name): [string, Tenant] => [name, node.tenant(name)]),
    ]
    for (const [, store] of stores()) await store.deploy(topology)
    for (const round of [0, 1]) {
      for (const [name, store] of stores()) await store.appendInOrder(placed(name, 700, round * 700))
      for (const [name, store] of stores()) {
        await store.caughtUp()
        assert.deepEqual(await countOf(store, name), { count: (round + 1) * 700 }, name)
        assert.deepEqual((await all(store.state('tenant-sums').list())).length, 1, name)
        assert.equal(await store.streamVersion(`large-${name}`), (round + 1) * 300, name)
      }
      node = await open()
    }
    await node.tenant('acme').undeploy('tenant-sums')
    await refused(() => countOf(node.tenant('acme'), 'acme'), 'NOT_FOUND')
    assert.deepEqual(await countOf(node.tenant('beta'), 'beta'), { count: 1400 })
  }))

test('a tenant that is dropped is gone from every read and from the blocks; the others stay whole', () =>
  inDirectory(async (_, open) => {
    let node = await open()
    await node.tenant(CANARY).deploy(topology)
    await node.deploy(topology)
    // Blocks that are the tenant's alone, and blocks that are shared.
    await node.tenant(CANARY).appendInOrder(placed(CANARY, 2000))
    for (let n = 0; n < 200; n++) {
      const two = [node.appendInOrder(placed('node', 2, n * 2)), node.tenant(CANARY).appendInOrder(placed(CANARY, 2, 2000 + n * 2))]
      await Promise.all(two)
    }
    await node.tenant(CANARY).caughtUp()
    const before = await all(node.readAll())
    await node.dropTenant(CANARY)
    for (const round of ['at once', 'after a restart']) {
      assert.deepEqual(await node.tenants(), [], round)
      assert.deepEqual(await all(node.tenant(CANARY).readAll({ system: true })), [], round)
      assert.deepEqual(
        (await all(node.readAll())).filter(({ type }) => type === 'placed'),
        before.filter(({ type }) => type === 'placed'),
        round,
      )
      assert.deepEqual((await node.verify()).damage, [], round)
      assert.deepEqual(await node.tenant(CANARY).topologies(), [], round)
      await node.caughtUp()
      assert.deepEqual(await countOf(node, 'node'), { count: 400 }, round)
      const blocks = node.view.shards.flatMap(shard =>
        shard.kv
          .scan('log', {})
          .values.filter(value => Buffer.from(value).includes(CANARY))
          .map(() => shard.shared.data.shard),
      )
      assert.ok(blocks.length <= 3, 'only that it was made, dropped and removed is told')
      node = await open()
    }
    // The next one of the name has all that was given to the first, and nothing of it.
    await node.tenant(CANARY).appendInOrder(placed(CANARY, 10))
    assert.equal(await node.tenant(CANARY).streamVersion(`order-${CANARY}-1`), 1)
    assert.deepEqual(await node.tenants(), [
      { name: CANARY, events: 10, bytes: placed(CANARY, 10).reduce((sum, { event }) => sum + JSON.stringify(event.data).length, 0) },
    ])
  }))

test('a drop that was cut short is finished at the next open', () =>
  inDirectory(async (_, open) => {
    let node = await open()
    await node.tenant('acme').deploy(topology)
    await node.tenant('acme').appendInOrder(placed('acme', 500))
    await node.tenant('acme').caughtUp()
    // As a process that died right behind the event.
    await node.router.append('$tenants', { type: 'tenant.dropped', data: { name: 'acme', drops: 0 } }, {}, { scope: '', isSystem: true })
    node = await open()
    assert.deepEqual(await all(node.tenant('acme').readAll({ system: true })), [])
    const last = async (): Promise<string | undefined> => (await all(node.readStream('$tenants'))).at(-1)?.type
    while ((await last()) !== 'tenant.removed') await new Promise(resolve => setTimeout(resolve, 10))
    assert.deepEqual((await node.verify()).damage, [])
    assert.equal((await node.verify()).events, 3)
    node = await open()
    assert.deepEqual(await node.tenant('acme').topologies(), [])
    assert.deepEqual(await node.tenants(), [])
  }))

test.run()
