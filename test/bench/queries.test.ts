/** The Nexmark queries as topologies of the product: answers equal to the plain loops, rows and sum, whatever the page size. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nexmarkPage } from '../../bench/nexmark/columns.ts'
import { answerOf, graphAlone } from '../../bench/nexmark/graph.ts'
import { type Answer, loops, queries, type Query } from '../../bench/nexmark/loops.ts'
import { openNode } from '../../runtime/index.ts'

/** Three windows of q7, the last one not full. */
const events = 250_000
// Read by the queries' modules, which the planner imports later.
process.env['NEXMARK_EVENTS'] = String(events)

function plainly(query: Query, count: number): Answer {
  const loop = loops[query]()
  for (let from = 0; from < count; from += 1000) loop.take(nexmarkPage(from, Math.min(1000, count - from)))
  return loop.answer()
}

for (const query of queries) {
  test(`${query} as a graph of operators`, async () => {
    const expected = plainly(query, events)
    assert.ok(expected.rows > 0)
    for (const pageRows of [64, 4096]) assert.equal(await graphAlone(query, events, { pageRows }), expected, `pages of ${pageRows}`)
  })
}

for (const form of ['closures', 'declaredClosures', 'expressions']) {
  test(`q1 as ${form}`, async () => {
    assert.equal(await graphAlone('q1', events, { form }), plainly('q1', events))
  })
}

test('q7 deployed on a node in memory', async () => {
  const node = await openNode({ memory: true, limits: { pageRows: 8192 } })
  await node.deploy(new URL('../../bench/nexmark/q7.ts', import.meta.url), { export: 'q7', until: 'head' })
  const { status } = await node.topologyEnded('q7')
  const row = await node.state('q7').get(['bid'])
  await node.close()
  assert.is(status, 'ended')
  assert.equal(answerOf(row?.value), plainly('q7', events))
})

test.run()
