/** What the exchange bench runs: rows split by a number, sent to lanes, passed on there untouched, and merged back; and the pages. */
import type { LaneOptions } from '../actors/lanes/lane.ts'
import { Heartbeat } from '../actors/heartbeat.ts'
import type { Column, Page } from '../operators/flow.ts'
import { openMemory } from '../store/memory.ts'
import type { StateColumn } from '../store/state.ts'
import { type Plan, planTopology } from '../topology/plan.ts'

export const pageRows = 4096
const distinctPages = 64
const users = 100_000
const names = 1000

/** `latest` passes on rows without event time as they are: what is left is the exchange. Two inputs keep `merge` out of the lanes. */
export const exchangePlan = (): Promise<Plan> =>
  planTopology({
    name: 'exchange',
    version: 1,
    sources: [{ id: 'log', kind: 'log' }],
    steps: [
      { id: 'lanes', operator: 'latest', options: { by: ['user'] }, from: [{ step: 'log', port: 'main' }] },
      {
        id: 'back',
        operator: 'merge',
        options: {},
        from: ['main', 'late'].map(port => ({ step: 'lanes', port })),
      },
      {
        id: 'out',
        operator: 'projection',
        options: { name: 'out', key: ['user', 'name', 'at', 'price'] },
        from: [{ step: 'back', port: 'dead' }],
      },
    ],
  })

export function laneOptions(plan: Plan, lane: number, lanes: number): LaneOptions {
  return {
    plan,
    lane,
    lanes,
    module: import.meta.url,
    store: openMemory<StateColumn>({ columns: { state: 'scattered', meta: 'small' } }),
    heartbeat: new Heartbeat(),
    incarnation: 1,
    skip: [],
    resolve: () => Promise.reject(new Error('there are no functions')),
  }
}

/** Pages of four columns: a number that is the key, a text, a time and a value. Numbered over and over, they never end. */
export function makePages(): (page: number) => Page {
  const dictionary = Array.from({ length: names }, (_, i) => `name ${i}`)
  let seed = 1
  const below = (count: number): number => ((seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 8) % count
  const pages = Array.from({ length: distinctPages }, (): Map<string, Column> => {
    const numbers = (of: () => number): Column => ({ kind: 'number', values: Float64Array.from({ length: pageRows }, of) })
    return new Map<string, Column>([
      ['user', numbers(() => below(users))],
      ['name', { kind: 'text', codes: Int32Array.from({ length: pageRows }, () => below(names)), dictionary }],
      ['at', numbers(() => 1.7e12 + below(1_000_000))],
      ['price', numbers(() => below(10_000) / 100)],
    ])
  })
  return page => {
    const first = page * pageRows
    const order = new Float64Array(pageRows)
    for (let row = 0; row < pageRows; row++) order[row] = first + row
    return { kind: 'page', port: 'main', input: 0, count: pageRows, columns: pages[page % distinctPages] as Map<string, Column>, order }
  }
}
