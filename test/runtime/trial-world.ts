/** A topology of orders for the tests of trials, and runs of it in memory. */
import * as assert from 'uvu/assert'
import type { GivenEvent } from '../../runtime/trial/given-log.ts'
import { readTests } from '../../runtime/trial/test-value.ts'
import { Trial, type TrialOptions, type TrialOutcome } from '../../runtime/trial/trial.ts'
import { type Plan, planTopology } from '../../topology/plan.ts'
import { count, sum, topology } from '../../topology/pipeline.ts'
import type { Topology } from '../../topology/topology.ts'

const isBig = (row: { readonly total: number }): boolean => {
  if (row.total < 0) throw new RangeError('a debt')
  return row.total >= 100
}
const functions: Readonly<Record<string, unknown>> = { './f.ts#isBig': isBig }
export const resolve = (reference: string): Promise<unknown> => Promise.resolve(functions[reference])

export function orders(): Topology {
  const timed = topology('orders', { version: 1 })
    .follow<{ customer: string; total: number; at: number }>({ types: ['order.placed'] })
    .eventTime({ id: 'timed', field: 'at', lag: '0s', maxFuture: { allow: '1d', of: '$recorded' } })
  const big = timed.filter('./f.ts#isBig', { id: 'big' })
  big.append({ id: 'announce', stream: 'large-{customer}', type: 'order.large', data: ['customer', 'total'] })
  return big
    .keyBy('customer')
    .tumble({ id: 'hourly', size: '1h', aggregate: { n: count(), sum: sum('total') } })
    .projection({ id: 'rows', name: 'revenue', key: ['customer', 'windowStart'], value: ['n', 'sum'] }).definition
}

export const planned = (of: Topology = orders()): Promise<Plan> => planTopology(of, { resolve })

export const hour = 3_600_000
export const noon = Date.UTC(2026, 0, 1, 12)

export interface Order {
  readonly customer: string
  readonly total: number
  readonly at: number
}

export function placed(...list: Order[]): GivenEvent[] {
  const given = list.map(data => ({ stream: 'order-1', type: 'order.placed', at: noon, data }))
  const { tests, issues } = readTests({ tests: [{ given, expect: {} }] })
  assert.equal(issues, [])
  return [...(tests[0]?.events ?? [])]
}

export async function outcomeOf(
  events: readonly GivenEvent[],
  more: Partial<TrialOptions> = {},
  cuts: readonly number[] = [],
): Promise<TrialOutcome> {
  const trial = await Trial.start({ plan: await planned(), module: import.meta.url, resolve, ...more })
  const edges = [0, ...cuts.toSorted((a, b) => a - b), events.length]
  for (const [index, edge] of edges.slice(1).entries()) trial.give(events.slice(edges[index], edge))
  trial.end({ closes: true })
  trial.close()
  return trial.outcome
}

export const some = placed(
  { customer: 'ada', total: 300, at: noon },
  { customer: 'bob', total: 30, at: noon + 1 },
  { customer: 'ada', total: 100, at: noon + 2 * hour },
  { customer: 'bob', total: -5, at: noon + 2 * hour },
  { customer: 'bob', total: 500, at: noon + 3 },
  { customer: 'eve', total: 700, at: noon + 1000 * hour },
)
