/** The outside of a fragment in memory, for tests of graphs alone. */
import { isDeepStrictEqual } from 'node:util'
import { createFragment, type Fragment, type FragmentContext } from '../../actors/fragment.ts'
import type { GivenUpRow } from '../../actors/dead-letter.ts'
import type { Page, Row } from '../../operators/flow.ts'
import { pageOf } from '../../operators/page.ts'
import type { TopologyBuilder } from '../../topology/pipeline.ts'
import { type Plan, planTopology } from '../../topology/plan.ts'
import { MemoryState } from '../contract/operator-run.ts'

/** The outside of a fragment, in memory. */
export class Outside implements FragmentContext {
  readonly module = import.meta.url
  readonly states = new Map<string, MemoryState>()
  readonly projected: [string, readonly unknown[], unknown][] = []
  readonly appended: [string, unknown][] = []
  readonly deadRows: GivenUpRow[] = []
  readonly functions: Readonly<Record<string, unknown>>

  constructor(functions: Readonly<Record<string, unknown>> = {}) {
    this.functions = functions
  }

  state(step: string): MemoryState {
    const state = this.states.get(step) ?? new MemoryState()
    this.states.set(step, state)
    return state
  }

  projection(name: string): ReturnType<FragmentContext['projection']> {
    const last = (key: readonly unknown[]): unknown =>
      this.projected.findLast(row => row[0] === name && isDeepStrictEqual(row[1], key))?.[2]
    return { put: (key, value) => void this.projected.push([name, key, value]), delete: () => {}, get: last, rows: () => [] }
  }

  outbox(): ReturnType<FragmentContext['outbox']> {
    return { append: (stream, { data }) => void this.appended.push([stream, data]), post: () => {} }
  }

  dead(row: GivenUpRow): void {
    this.deadRows.push(row)
  }

  resolve(reference: string): Promise<unknown> {
    return Promise.resolve(this.functions[reference])
  }

  get results(): unknown {
    const byName = (list: readonly (readonly [string, ...unknown[]])[]): unknown => Map.groupBy(list, ([name]) => name)
    const deadByStep = Map.groupBy(this.deadRows, ({ step }) => step)
    return [byName(this.projected), byName(this.appended), deadByStep]
  }
}

export async function build(made: TopologyBuilder | Plan, outside: Outside): Promise<Fragment> {
  return createFragment('definition' in made ? await planTopology(made.definition) : made, outside)
}

export function page(rows: readonly Row[], from: number): Page {
  return pageOf(rows, { order: Float64Array.from(rows, (_, i) => from + i) })
}

/** A plan over a log source `log` from lines: id, operator, options, and where rows come from as `step.port` texts. */
export function planOf(...steps: readonly (readonly [id: string, operator: string, options: object, ...from: string[]])[]): Plan {
  return {
    topology: 't',
    version: 1,
    source: { id: 'log', kind: 'log', fields: ['*'] },
    steps: steps.map(([id, operator, options, ...from]) => ({
      id,
      operator,
      options: { ...options },
      from: from.map(text => ({ step: text.slice(0, text.lastIndexOf('.')), port: text.slice(text.lastIndexOf('.') + 1) })),
    })),
  }
}
