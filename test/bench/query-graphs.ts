/** Tests that each Nexmark query as a graph of operators answers as its plain loop does, in small and in large pages. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { plainAnswer } from '../../bench/nexmark/child.ts'
import { answerOf, graphAlone } from '../../bench/nexmark/graph.ts'
import type { Answer, Query } from '../../bench/nexmark/loops.ts'
import { openNode } from '../../runtime/index.ts'

/** A window of 10 s and a part of the next. */
const events = 120_000

/** The queries that are topologies. */
export const graphQueries = ['q0', 'q1', 'q2', 'q5', 'q7', 'q11', 'q13', 'q17', 'q18', 'q19'] as const satisfies readonly Query[]

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

export function nodeTest(query: Query): void {
  test(`${query} deployed on a node in memory`, async () => {
    const node = await openNode({ memory: true, limits: { pageRows: 8192 } })
    await node.deploy(new URL(`../../bench/nexmark/${query}.ts`, import.meta.url), { export: query, until: 'head' })
    const { status } = await node.topologyEnded(query)
    const row = await node.state(query).get([query])
    await node.close()
    assert.is(status, 'ended')
    assert.equal(answerOf(row?.value), plainly(query))
  })
}
