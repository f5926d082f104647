/** Tenants of one node against a node of their own each: whatever they do, with the same names and at the same time, nothing of one reaches another. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'uvu'
import { type Node, openNode, type Tenant } from '../../runtime/index.ts'
import { all, refused } from '../contract/event-store/scene.ts'

const names = ['default', 'acme', 'beta'] as const
type Name = (typeof names)[number]

const topology = new URL('./topologies/tenants.yaml', import.meta.url)

/** One step of somebody's; `nth` makes what is written tell-tale. */
type Step =
  | { readonly do: 'append'; readonly stream: string; readonly count: number; readonly id: string | null; readonly expected: number | null }
  | { readonly do: 'produce'; readonly stream: string; readonly number: number }
  | { readonly do: 'inOrder'; readonly streams: readonly string[] }
  | { readonly do: 'deploy' | 'undeploy' | 'drop' }

const stream = fc.constantFrom('order-1', 'order-2', 'cart-1', '{order-1}x', 'a')
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      stream,
      count: fc.integer({ min: 1, max: 3 }),
      id: fc.option(fc.constantFrom('i1', 'i2', '\0acme\0i1', '\0\0i1')),
      expected: fc.option(fc.integer({ min: 0, max: 2 })),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('produce' as const), stream, number: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('inOrder' as const), streams: fc.array(stream, { minLength: 1, maxLength: 4 }) }) },
  { weight: 2, arbitrary: fc.constantFrom<Step>({ do: 'deploy' }, { do: 'undeploy' }, { do: 'drop' }) },
)

/** What a step answers, without what depends on who else writes: positions, stamps, sequences. */
async function take(store: Tenant, name: Name, one: Step, nth: number): Promise<unknown> {
  const data = (n: number): unknown => ({ who: `canary-${name}`, nth, n, amount: nth % 7 })
  try {
    switch (one.do) {
      case 'append': {
        const events = Array.from({ length: one.count }, (_, n) => ({
          type: 'placed',
          data: data(n),
          ...(one.id !== null && n === 0 && { id: one.id }),
        }))
        const answer = await store.appendToStream(one.stream, events, one.expected === null ? {} : { expectedVersion: one.expected })
        return answer.duplicate ? 'duplicate' : [answer.firstVersion, answer.version]
      }
      case 'produce': {
        const answer = await store.appendToStream(
          one.stream,
          { type: 'made', data: data(0) },
          { producer: 'p', producerSequence: one.number },
        )
        return answer.duplicate ? answer.highest : answer.version
      }
      case 'inOrder':
        return (await store.appendInOrder(one.streams.map((of, n) => ({ stream: of, event: { type: 'placed', data: data(n) } })))).events
      case 'deploy':
        return await store.deploy(topology)
      case 'undeploy':
        // How far it came before would be a matter of time.
        await store.caughtUp()
        return await store.undeploy('tenant-sums')
      case 'drop':
        return 'dropped'
    }
  } catch (error) {
    return `${(error as Error & { code?: string }).code ?? 'no code'}`
  }
}

/** All that a tenant can see of itself. */
async function seen(store: Tenant): Promise<unknown> {
  await store.caughtUp()
  const events = await all(store.readAll({ system: true }))
  const plain = events.map(({ id, type, data, stream: of, version }) => ({
    type,
    data: of.startsWith('$') ? null : data,
    of,
    version,
    id: id.length < 12 ? id : null,
  }))
  const deployed = await store.topologies()
  const state = deployed.length === 0 ? [] : await all(store.state('tenant-sums').list())
  const letters = deployed.length === 0 ? [] : await all(store.deadLetters('tenant-sums').list({ status: 'all' }))
  return {
    // Streams are in order, and so are those of one partition key; which of two streams comes first is the partitions' business.
    streams: Object.fromEntries(
      Map.groupBy(
        plain.filter(({ of }) => !of.startsWith('$tenants')),
        ({ of }) => of,
      ),
    ),
    state,
    letters: letters
      .map(({ cause, row, stream: of }) => ({ cause, row, of }))
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    deployed: deployed.map(({ name, version, status, rowsIn, dead }) => ({ name, version, status, rowsIn, dead })),
    byId: await Promise.all(
      ['i1', 'i2', '\0acme\0i1'].map(id =>
        store.readEvent(id).then(
          ({ data }) => data,
          (error: { code: string }) => error.code,
        ),
      ),
    ),
    events: (await store.verify()).events,
  }
}

test('tenants do as nodes of their own do, and none sees a canary of another', async () => {
  const run = async (steps: readonly (readonly [Name, Step])[]): Promise<void> => {
    const node = await openNode({ memory: true, partitions: 1, limits: { segmentEntries: 32 } })
    const twins = new Map<Name, Node>()
    const twinOf = async (name: Name): Promise<Node> => {
      let twin = twins.get(name)
      if (!twin) twins.set(name, (twin = await openNode({ memory: true, partitions: 1 })))
      return twin
    }
    const storeOf = (name: Name): Tenant => (name === 'default' ? node : node.tenant(name))
    try {
      let nth = 0
      for (const [name, one] of steps) {
        nth++
        if (one.do === 'drop') {
          if (name === 'default' || !(await node.tenants()).some(tenant => tenant.name === name)) continue
          await node.dropTenant(name)
          await twins.get(name)?.close()
          twins.delete(name)
          continue
        }
        const twin = await twinOf(name)
        assert.deepEqual(await take(storeOf(name), name, one, nth), await take(twin, name, one, nth), `step ${nth} of ${name}`)
      }
      for (const name of names) {
        const [got, wanted] = [await seen(storeOf(name)), await seen(await twinOf(name))]
        // The node's own count holds what is the system's and the other tenants'.
        if (name === 'default') for (const one of [got, wanted] as { events?: number }[]) delete one.events
        assert.deepEqual(got, wanted, name)
        for (const other of names) if (other !== name) assert.ok(!JSON.stringify(got).includes(`canary-${other}`), `${name} sees ${other}`)
      }
    } finally {
      await node.close()
      for (const twin of twins.values()) await twin.close()
    }
  }
  const steps = fc.array(fc.tuple(fc.constantFrom(...names), step), { minLength: 1, maxLength: 40, size: 'max' })
  await fc.assert(fc.asyncProperty(steps, run), { seed: 6, numRuns: 60, endOnFailure: true })
})

test('names that can not name a tenant are INVALID, and default is the node', async () => {
  const node = await openNode({ memory: true })
  for (const name of ['', '.a', '-a', 'a b', 'a/b', 'ä', '\0', 'a'.repeat(65), null, 3])
    await refused(() => node.tenant(name as string), 'INVALID')
  assert.equal(node.tenant('default'), node)
  assert.equal(node.tenant('a'.repeat(64)), node.tenant('a'.repeat(64)))
  await refused(() => node.dropTenant('default'), 'INVALID')
  await refused(() => node.dropTenant('acme'), 'NOT_FOUND')
  assert.deepEqual(await node.tenants(), [])
  await node.close()
  await refused(() => node.tenant('acme'), 'CLOSED')
  await refused(() => node.tenants(), 'CLOSED')
})

test('a tenant is there from its first write on; reads make none', async () => {
  const node = await openNode({ memory: true })
  const acme = node.tenant('acme')
  assert.deepEqual(await all(acme.readAll()), [])
  await refused(() => all(acme.readStream('order-1')), 'STREAM_NOT_FOUND')
  assert.deepEqual(await node.tenants(), [])
  await Promise.all(Array.from({ length: 20 }, (_, n) => acme.appendToStream(`order-${n}`, { type: 'placed', data: n })))
  assert.deepEqual(await node.tenants(), [{ name: 'acme', events: 20, bytes: 30 }])
  assert.equal((await all(node.readStream('$tenants'))).length, 1)
  assert.equal((await acme.stats()).events, 20)
  await node.close()
})

test('names that were only asked for are not remembered, and their stores stay whole', async () => {
  const node = await openNode({ memory: true })
  const first = node.tenant('t0')
  for (let n = 0; n < 3000; n++) {
    const tenant = node.tenant(`t${n}`)
    assert.deepEqual(await tenant.topologies(), [])
    await refused(() => tenant.state('x').get(1), 'NOT_FOUND')
    assert.equal(await tenant.streamVersion('s'), 0)
  }
  assert.deepEqual(await node.tenants(), [])
  await first.appendToStream('s', { type: 'placed', data: 1 })
  await first.deploy(topology)
  assert.equal(await node.tenant('t0').streamVersion('s'), 1)
  assert.equal((await node.tenant('t0').topologies()).length, 1)
  await node.close()
  await refused(() => first.streamVersion('s'), 'CLOSED')
  await refused(() => first.appendToStream('s', { type: 'placed', data: 1 }), 'CLOSED')
})

test('followers and readers of a tenant that is dropped are CLOSED; the next of its name begins anew', async () => {
  const node = await openNode({ memory: true })
  const acme = node.tenant('acme')
  await acme.appendToStream('order-1', [
    { type: 'placed', data: 1 },
    { type: 'placed', data: 2 },
  ])
  const { position } = (await acme.appendToStream('order-1', { type: 'placed', data: 3, id: 'third' })) as { position: string }
  const followed = all(acme.subscribeToAll())
  const waiting = refused(() => followed, 'CLOSED')
  await new Promise(resolve => setTimeout(resolve, 20))
  await node.dropTenant('acme')
  await waiting
  assert.equal(await acme.streamVersion('order-1'), 0)
  await refused(() => acme.readEvent('third'), 'NOT_FOUND')
  await refused(() => acme.readEventAt(position), 'NOT_FOUND')
  await acme.appendToStream('order-1', { type: 'placed', data: 'new', id: 'third' }, { expectedVersion: 'none' })
  assert.deepEqual(
    (await all(acme.readAll({ system: true }))).map(({ data }) => data),
    ['new'],
  )
  const { damage } = await node.verify()
  assert.deepEqual(damage, [])
  await node.close()
})

test('two drops at once: one of them is NOT_FOUND or both answer, and nothing is left', async () => {
  const node = await openNode({ memory: true })
  await node.tenant('acme').appendToStream('order-1', { type: 'placed', data: 1 })
  const answers = await Promise.allSettled([node.dropTenant('acme'), node.dropTenant('acme')])
  assert.ok(answers.some(({ status }) => status === 'fulfilled'))
  assert.deepEqual(await node.tenants(), [])
  assert.deepEqual(await all(node.tenant('acme').readAll({ system: true })), [])
  await node.close()
})

test.run()
