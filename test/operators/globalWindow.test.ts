/** `globalWindow` against the contract; its twin holds the rows of each key in a list. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Row } from '../../operators/flow.ts'
import { globalWindow } from '../../operators/globalWindow.ts'
import type { ExampleFlow } from '../../operators/operator.ts'
import { compareKeys } from '../../operators/windows/window-keys.ts'
import { operatorContract } from '../contract/operator.ts'
import { MemoryState, runOperator } from '../contract/operator-run.ts'
import { aggregate, keyOf, mergedRows, resultsOf, stampOf, timedRows, timeOf } from './window-inputs.ts'
import { brokenPromises, runChain } from './window-run.ts'

interface Chosen {
  readonly trigger: 'everyRow' | { readonly count?: number; readonly every?: number; readonly when?: string }
  readonly purge?: boolean
  readonly evict?: { readonly rows?: number; readonly range?: number }
}

interface Held {
  rows: Row[]
  pending: number
  due: number
}

function answer(rows: readonly Row[], options: Readonly<Record<string, unknown>>): { ports: Record<string, Row[]> } {
  const { trigger, purge = false, evict = {} } = options as unknown as Chosen
  const { count = Infinity, every, when } = trigger === 'everyRow' ? { count: 1 } : { ...trigger }
  const main: Row[] = []
  const ofKey = new Map<unknown, Held>()
  const leave = (key: unknown, held: Held, $eventTime: number, $watermark: number): void => {
    main.push({ origin: key, ...resultsOf(held.rows), $eventTime, $watermark })
    Object.assign(held, { pending: 0, due: Infinity, ...(purge && { rows: [] }) })
  }
  const fire = (until: number): void => {
    for (;;) {
      const next = Math.min(...[...ofKey.values()].map(({ due }) => due))
      if (next > until || next === Infinity) return
      const due = [...ofKey].filter(([, held]) => held.due === next).sort(([a], [b]) => compareKeys([a], [b]))
      for (const [key, held] of due) leave(key, held, next, next)
    }
  }
  for (const one of rows) {
    fire(stampOf(one))
    const held = ofKey.get(keyOf(one)) ?? { rows: [], pending: 0, due: Infinity }
    ofKey.set(keyOf(one), held)
    held.rows.push(one)
    held.pending++
    if (evict.rows !== undefined) held.rows = held.rows.slice(-evict.rows)
    const newest = Math.max(...held.rows.map(timeOf))
    if (evict.range !== undefined) held.rows = held.rows.filter(row => timeOf(row) >= newest - (evict.range as number))
    if (every !== undefined) held.due = Math.min(held.due, (Math.floor(Math.max(timeOf(one), stampOf(one)) / every) + 1) * every)
    const isCalled = when !== undefined && ((one['delay'] ?? 0) as number) > 3
    if (held.pending >= count || isCalled) leave(keyOf(one), held, timeOf(one), stampOf(one))
  }
  fire(Infinity)
  return { ports: { main } }
}

const by = ['origin']
const triggers: readonly Chosen['trigger'][] = ['everyRow', { count: 3 }, { every: 25 }, { when: 'delay > 3' }]
const evicts: readonly Chosen['evict'][] = [undefined, { rows: 1 }, { rows: 4 }, { range: 20 }, { range: 60 }]
const options = fc
  .record({ trigger: fc.constantFrom(...triggers), purge: fc.boolean(), evict: fc.constantFrom(...evicts) })
  .map(({ evict, ...chosen }) => ({ ...chosen, by, aggregate, ...(evict !== undefined && { evict }) }))
const test = operatorContract(globalWindow, {
  poison: { machine: 'a', heat: 'warm', event: 'run' },
  twin: { input: timedRows, options, answer, numRuns: 500 },
})

test('stamps that fall, as where streams were merged, decide alone', async () => {
  const property = fc.asyncProperty(mergedRows, options, async (input, chosen) => {
    const { ports } = await runOperator(globalWindow, { options: chosen, input, pageRows: 4096, restartAfter: [1, 3] })
    const rows = input.filter(one => typeof one === 'object')
    assert.equal(ports['main'] ?? [], answer(rows, chosen).ports['main'])
  })
  await fc.assert(property, { seed: 4, numRuns: 200 })
})

test('every stamp and watermark that leaves by time holds for all behind it, and what was purged is gone', async () => {
  const property = fc.asyncProperty(timedRows, fc.constantFrom(1, 3, 4096), fc.constantFrom(...evicts), async (input, pageRows, evict) => {
    const state = new MemoryState()
    const chosen = { trigger: { every: 20 }, purge: true, by, aggregate: { n: { aggregate: 'count' } }, ...(evict && { evict }) }
    assert.equal(brokenPromises((await runChain([{ operator: globalWindow, options: chosen, state }], { input, pageRows })).flows), [])
    assert.ok(state.rowsByKey.size <= 1, `${state.rowsByKey.size} rows`)
  })
  await fc.assert(property, { seed: 4, numRuns: 150 })
})

test('no event time is needed where none is asked for, and a condition that fails is a dead letter', async () => {
  const input: ExampleFlow[] = [{ n: 1 }, { n: 0 }, { n: 2 }, { n: 3 }, 'end']
  const chosen = { trigger: { when: '6 / n = 2' }, aggregate: { sum: { aggregate: 'sum', field: 'n' } } }
  const { ports, dead } = await runOperator(globalWindow, { options: chosen, input, pageRows: 4096 })
  assert.equal(ports['main'], [{ sum: 6 }])
  assert.equal(dead, [1])
})

test('triggers that are none or several, and times without an event time, are INVALID', () => {
  const timed = { fields: {}, isOpen: true, key: [], isTimed: true }
  const timeless = { ...timed, isTimed: false }
  for (const [option, more, row] of [
    ['trigger', { trigger: {} }, timed],
    ['trigger', { trigger: { count: 1, every: 5 } }, timed],
    ['trigger.every', { trigger: { every: 0 } }, timed],
    ['evict', { trigger: 'everyRow', evict: { rows: 1, range: 10 } }, timed],
    ['trigger.every', { trigger: { every: 10 } }, timeless],
    ['evict.range', { trigger: 'everyRow', evict: { range: 10 } }, timeless],
  ] as const)
    assert.throws(
      () => globalWindow.types?.({ aggregate: { n: { aggregate: 'count' } }, ...more } as never, row, () => undefined),
      (error: { code?: unknown; details?: { option?: unknown } }) => error.code === 'INVALID' && error.details?.option === option,
      JSON.stringify(more),
    )
})

test.run()
