/** Aggregates with a condition: only rows of which it is true are taken, and what others hold does not matter. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { count, sum } from '../../operators/aggregates/index.ts'
import type { Row } from '../../operators/flow.ts'
import type { ExampleFlow } from '../../operators/operator.ts'
import { session } from '../../operators/session.ts'
import { total } from '../../operators/total.ts'
import { runOperator } from '../contract/operator-run.ts'

async function totalOf(
  rows: readonly Row[],
  aggregate: object,
  pageRows = 4096,
): Promise<{ rows: readonly Row[]; dead: readonly number[] }> {
  const input: ExampleFlow[] = [...rows.slice(0, 3), 'barrier', ...rows.slice(3), 'end', 'barrier']
  const outcome = await runOperator(total, { options: { aggregate }, input, pageRows, restartAfter: [1] })
  return { rows: outcome.ports['main'] ?? [], dead: outcome.dead }
}

test('rows of which the condition is not true are not looked at: neither by the expression nor for their kind', async () => {
  const rows = [
    { n: 2, v: 10 },
    { n: 0, v: 'none' },
    { n: 5, v: 20 },
    { n: null, v: false },
  ]
  const aggregate = {
    all: count(),
    some: count({ where: 'n > 0' }),
    sum: sum({ field: 'v', where: 'n > 0' }),
    share: sum({ of: '10 / n', where: 'n > 0' }),
    first: { aggregate: 'first', field: 'v', where: 'n = 0' },
    list: { aggregate: 'collect', of: 'n * 2', where: 'n > 2' },
  }
  for (const pageRows of [1, 4096])
    assert.equal(await totalOf(rows, aggregate, pageRows), {
      rows: [{ all: 4, some: 2, sum: 30, share: 7, first: 'none', list: [10] }],
      dead: [],
    })
})

test('a row that fails where the condition is true is given up by all, and so is one for which the condition fails', async () => {
  const rows = [
    { n: 1, v: 1 },
    { n: 2, v: 'two' },
    { n: 0, v: 3 },
    { n: 4, v: 4 },
  ]
  const aggregate = { all: count(), sum: sum({ field: 'v', where: 'n > 0' }), parts: count({ where: '8 / n >= 2' }) }
  for (const pageRows of [1, 4096])
    assert.equal(await totalOf(rows, aggregate, pageRows), { rows: [{ all: 2, sum: 5, parts: 2 }], dead: [1, 2] })
})

test('an aggregate with a condition is the aggregate of the rows that a filter leaves, in sessions that become one as well', async () => {
  const row = fc.record({ k: fc.nat(2), v: fc.option(fc.integer({ min: -5, max: 5 }), { nil: null }), at: fc.nat(60) })
  const names = ['count', 'sum', 'min', 'last', 'collect', 'countDistinct', 'argMax', 'median', 'mode', 'approxTop']
  const uses = (where?: string): object =>
    Object.fromEntries(
      names.map(aggregate => [aggregate, { aggregate, ...(aggregate !== 'count' && { field: 'v' }), ...(where && { where }) }]),
    )
  const property = fc.asyncProperty(fc.array(row, { maxLength: 30 }), fc.constantFrom(1, 3, 4096), async (list, pageRows) => {
    const input = list.map(({ at, ...each }): Row => ({ ...each, $eventTime: at, $watermark: -Infinity }))
    const run = async (rows: readonly Row[], aggregate: object): Promise<readonly Row[]> => {
      const flows: ExampleFlow[] = [...rows.slice(0, 9), 'barrier', ...rows.slice(9), 'end', 'barrier']
      const options = { gap: 100, by: ['k'], aggregate }
      return (await runOperator(session, { options, input: flows, pageRows, restartAfter: [1] })).ports['main'] ?? []
    }
    const filtered = await run(input, { ...uses('v % 2 = 0 or v is null'), all: count() })
    const left = await run(
      input.filter(({ v }) => v === null || Math.abs((v as number) % 2) === 0),
      uses(),
    )
    const shown = (rows: readonly Row[]): Row[] =>
      rows
        .map(each => Object.fromEntries(['k', ...names].map(name => [name, each[name]])))
        .sort((a, b) => (a['k'] as number) - (b['k'] as number))
    assert.equal(shown(filtered.filter(({ count: rows }) => (rows as number) > 0)), shown(left))
  })
  await fc.assert(property, { seed: 4, numRuns: 60 })
})

test.run()
