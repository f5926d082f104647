/** Tests that each Nexmark query as a graph of operators answers as its plain loop does, in small and in large pages. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { plainAnswer } from '../../bench/nexmark/child.ts'
import { answerOf, graphAlone } from '../../bench/nexmark/graph.ts'
import { type Answer, queries, type Query } from '../../bench/nexmark/loops.ts'
import { openNode } from '../../runtime/index.ts'

/** A window of 10 s and a part of the next. */
const events = 120_000

/** All but q12, which goes by the clock: a graph alone has none. */
export const graphQueries = queries.filter(query => query !== 'q12')

/** Read by the modules of the queries, which the planner imports later. */
export function setEvents(group = 1): void {
  process.env['NEXMARK_EVENTS'] = String(events)
  process.env['NEXMARK_GROUP'] = String(group)
}

export function plainly(query: Query, group = 1): Answer {
  return plainAnswer({ query, events, group, pageRows: 1000 })
}

export function graphTests(group: number): void {
  for (const query of graphQueries) {
    test(`${query} as a graph of operators, events shuffled in groups of ${group}`, async () => {
      const expected = plainly(query, group)
      assert.ok(expected.rows > 0)
      for (const pageRows of [64, 4096])
        assert.equal(await graphAlone(query, events, { pageRows, group }), expected, `pages of ${pageRows}`)
    })
  }
}

export function formTest(query: Query, form: string): void {
  test(`${query} as ${form}`, async () => {
    assert.equal(await graphAlone(query, events, { form }), plainly(query))
  })
}

/** Rows of windows of processing time are a matter of the clock; their sum is not. */
export function assertSame(query: Query, found: Answer): void {
  const { rows, sum } = plainly(query)
  assert.equal(found, query === 'q12' ? { rows: found.rows, sum } : { rows, sum })
}

export function nodeTest(query: Query, workers: number): void {
  test(`${query} deployed on a node in memory with ${workers} workers`, async () => {
    const node = await openNode({ memory: true, limits: { pageRows: 8192 } })
    await node.deploy(new URL(`../../bench/nexmark/${query}.ts`, import.meta.url), { export: query, until: 'head', workers })
    const { status } = await node.topologyEnded(query)
    const row = await node.state(query).get([query])
    await node.close()
    assert.is(status, 'ended')
    assertSame(query, answerOf(row?.value))
  })
}
