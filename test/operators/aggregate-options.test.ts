/** Options of aggregates that are out of range are INVALID before anything runs. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { aggregates } from '../../operators/aggregates/index.ts'

test('options that are out of range are INVALID', () => {
  const wrong = [
    ['percentileCont', { field: 'x', p: 1.1 }],
    ['percentileCont', { field: 'x', p: '0.5' }],
    ['collect', { field: 'x', most: 0 }],
    ['collect', { field: 'x', most: 1e9 }],
    ['collect', { field: 'x', most: 1.5 }],
    ['variance', { field: 'x', kind: 'all' }],
    ['first', { field: 'x', by: 'time' }],
    ['approxDistinct', { field: 'x', precision: 3 }],
    ['approxDistinct', { field: 'x', precision: 12.5 }],
    ['approxTop', { field: 'x', k: 0 }],
    ['approxTop', { field: 'x', k: 50, counters: 49 }],
    ['approxTop', { field: 'x', counters: 1e6 }],
    ['rate', { per: 0 }],
    ['rate', { over: 'time' }],
    ['histogram', { field: 'x' }],
    ['histogram', { field: 'x', bounds: [] }],
    ['histogram', { field: 'x', bounds: [1, 1] }],
    ['histogram', { field: 'x', bounds: '[1, 2]' }],
    ['histogram', { field: 'x', bounds: [1], width: 1, from: 0, to: 1 }],
    ['histogram', { field: 'x', bounds: [1], from: 0 }],
    ['histogram', { field: 'x', width: 1 }],
    ['histogram', { field: 'x', width: 0, from: 0, to: 1 }],
    ['histogram', { field: 'x', width: 1, from: 0, to: 1e6 }],
  ] as const
  for (const [name, options] of wrong)
    assert.throws(
      () => aggregates[name]?.create(options as never),
      (error: { code?: unknown }) => error.code === 'INVALID',
    )
})

test.run()
