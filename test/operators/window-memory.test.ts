/** Windows in less memory than they take: the same rows leave, at any bound, page and restart, and cells do leave memory. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Row } from '../../operators/flow.ts'
import { operators } from '../../operators/index.ts'
import type { AnyOperator, ExampleFlow } from '../../operators/operator.ts'
import { tinyMemory } from '../contract/operator.ts'
import { type Outcome, runOperator, type Run } from '../contract/operator-run.ts'
import { keys } from './keyed-inputs.ts'
import { aggregate } from './window-inputs.ts'

const by = ['origin']
const cases: readonly (readonly [operator: string, options: Readonly<Record<string, unknown>>])[] = [
  ['tumble', { size: 40, by }],
  ['tumble', { size: 40, allowedLateness: 60, by }],
  ['tumble', { size: 50, allowedLateness: 35, emit: 'onUpdate', by }],
  ['tumble', { size: 50, emit: { every: 15 }, by }],
  ['hop', { size: 60, every: 20, by }],
  ['cumulate', { size: 60, step: 20, by }],
  ['hop', { size: 50, every: 20, offset: 7, by }],
  ['hop', { size: 300, every: 20, by: ['origin', 'gate'] }],
  ['hop', { size: 60, every: 20, allowedLateness: 30, by }],
  ['session', { gap: 20, by }],
  ['session', { gap: 15, allowedLateness: 40, by }],
  ['countWindow', { size: 3, by }],
  ['countWindow', { size: 4, every: 2, by: ['origin', 'gate'] }],
  ['total', {}],
]

const row = fc.record({
  at: fc.integer({ min: 0, max: 60 }).map(at => 5 * at),
  origin: keys,
  gate: fc.constantFrom(1, '1', null),
  // Sums of these depend on the order of adding.
  delay: fc.oneof(fc.constantFrom(0.1, 0.2, 0.3, 1e17, -1e17), fc.constant(null)),
  lag: fc.constantFrom(0, 5, 30, 80),
})

const input = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: row.map((fields): ExampleFlow => ({ ...fields })) },
      { weight: 1, arbitrary: fc.constant<ExampleFlow>('barrier') },
    ),
    { maxLength: 90, size: 'max' },
  )
  .map((all): ExampleFlow[] => {
    let watermark = -Infinity
    const stamped = all.map((one): ExampleFlow => {
      if (typeof one === 'string') return one
      const fields = { ...one, $eventTime: one['at'], $watermark: watermark }
      watermark = Math.max(watermark, (one['at'] as number) - (one['lag'] as number))
      return fields
    })
    return [...stamped, 'end', 'barrier']
  })

/** What must not depend on memory. */
function results({ ports, dead }: Outcome): Pick<Outcome, 'ports' | 'dead'> {
  return { ports: Object.fromEntries(Object.entries(ports).filter(([, rows]) => rows.length > 0)), dead }
}

for (const [name, options] of cases)
  test(`${name} ${JSON.stringify(options)} gives the same in little memory`, async () => {
    const operator = operators[name as keyof typeof operators] as AnyOperator
    const run = async (flows: readonly ExampleFlow[], more: Partial<Run>): Promise<Pick<Outcome, 'ports' | 'dead'>> =>
      results(await runOperator(operator, { options: { ...options, aggregate }, input: flows, pageRows: 4096, ...more }))
    const cut = fc.record({
      pageRows: fc.constantFrom(1, 7, 4096),
      stateBytes: fc.constantFrom(tinyMemory, 1000, 3000),
      restartAfter: fc.subarray([1, 2, 3, 5, 8]),
    })
    const property = fc.asyncProperty(input, cut, async (flows, how) => assert.equal(await run(flows, how), await run(flows, {})))
    await fc.assert(property, { seed: 4, numRuns: 60 })
  })

test('large cells come back with all their parts', async () => {
  const parts = {
    values: { aggregate: 'percentileCont', field: 'delay', p: 0.5 },
    distinct: { aggregate: 'countDistinct', field: 'delay' },
  }
  const rows = Array.from({ length: 40_000 }, (_, at): Row => ({ k: at % 8, delay: (at * 7919) % 30_011, $eventTime: 0, $watermark: -1 }))
  const flows = Array.from({ length: 20 }, (_, at): ExampleFlow[] => [...rows.slice(2000 * at, 2000 * (at + 1)), 'barrier']).flat()
  for (const [name, options] of [
    ['tumble', { size: 10 }],
    ['hop', { size: 10, every: 5 }],
  ] as const) {
    const run: Run = { options: { ...options, by: ['k'], aggregate: parts }, input: [...flows, 'end', 'barrier'], pageRows: 500 }
    const whole = await runOperator(operators[name] as AnyOperator, run)
    const tight = await runOperator(operators[name] as AnyOperator, { ...run, stateBytes: tinyMemory, restartAfter: [5, 12] })
    assert.equal(results(tight), results(whole))
    assert.ok(tight.reads > 100, String(tight.reads))
    assert.is(tight.rowsLeft, 1)
  }
})

test.run()
