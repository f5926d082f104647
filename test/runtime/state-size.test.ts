/** What a topology is told to hold is what lies in the database, and nothing of another one. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'
import { metricsText } from '../../runtime/observe/index.ts'
import { StateSizes } from '../../runtime/deploy/state-sizes.ts'
import { systemClock } from '../../event/clock.ts'

const topology = new URL('./topologies/tenants.yaml', import.meta.url)

test('rows and bytes of a topology, of each tenant its own', async () => {
  const node = await openNode({ memory: true })
  const acme = node.tenant('acme')
  for (const store of [node, acme]) await store.deploy(topology)
  await acme.appendInOrder(
    Array.from({ length: 50 }, (_, n) => ({ stream: 's', event: { type: 'placed', data: { who: `w${n}`, nth: n, amount: 1 } } })),
  )
  await acme.caughtUp()
  const [held] = await acme.topologies()
  const [empty] = await node.topologies()
  // A count a key in the step, with what its rows mean and its clock; a row a key in the projection.
  assert.is(held!.state!.rows, 102)
  assert.ok(held!.state!.bytes > 100 * 4)
  assert.equal(empty!.state, { rows: 0, bytes: 0 })
  const text = await metricsText(node)
  assert.match(text, /allsource_topology_state_rows\{tenant="acme",topology="tenant-sums"\} 102/)
  await acme.undeploy('tenant-sums')
  await acme.deploy(topology)
  await node.close()
})

test('a figure is kept for a minute, and one that can not be had is left out', async () => {
  let nowMs = 0
  let asked = 0
  const clock = { ...systemClock, monotonic: () => nowMs }
  const sizes = new StateSizes(
    topology => (asked++, topology === 'lost' ? Promise.reject(new Error('gone')) : Promise.resolve({ rows: asked, bytes: 0 })),
    clock,
  )
  assert.equal(
    [await sizes.of('a'), await sizes.of('a')],
    [
      { rows: 1, bytes: 0 },
      { rows: 1, bytes: 0 },
    ],
  )
  nowMs = 60_000
  // The one of before is answered while the next is found out.
  assert.equal(await sizes.of('a'), { rows: 1, bytes: 0 })
  assert.equal(await sizes.of('a'), { rows: 2, bytes: 0 })
  assert.is(await sizes.of('lost'), undefined)
  sizes.forget('a')
  assert.equal(await sizes.of('a'), { rows: 4, bytes: 0 })
})

test.run()
