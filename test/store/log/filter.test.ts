/** Filters of blocks against a plain reading of what they say, row by row. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { categoryOf } from '../../../event/stream-id.ts'
import type { Block } from '../../../store/log/block.ts'
import { blockFilter } from '../../../store/log/filter.ts'

type Row = readonly [stream: string, type: string]

/** The part of a block that a filter looks at. */
function blockOf(rows: readonly Row[]): Block {
  const streams = [...new Set(rows.map(([stream]) => stream))]
  const types = [...new Set(rows.map(([, type]) => type))]
  const block: Pick<Block, 'count' | 'streams' | 'types' | 'streamIndex' | 'typeIndex'> = {
    count: rows.length,
    streams,
    types,
    streamIndex: row => streams.indexOf(rows[row]![0]),
    typeIndex: row => types.indexOf(rows[row]![1]),
  }
  return block as Block
}

const streams = ['a-1', 'a-2', 'b', '$s', '$t-a']
const types = ['x', 'y', 'z']

test('equals the plain reading of its options', () => {
  const some = (of: readonly string[]): fc.Arbitrary<string[] | undefined> => fc.option(fc.subarray([...of]), { nil: undefined })
  const one = fc.record({ stream: fc.constantFrom(...streams), types: fc.subarray(types) })
  const also = fc.option(fc.array(one, { maxLength: 3 }), { nil: undefined })
  const options = fc.record({
    types: some(types),
    categories: some(['a', 'b', '$t']),
    system: fc.constantFrom(true, false, undefined),
    also,
  })
  const rows = fc.array(fc.tuple(fc.constantFrom(...streams), fc.constantFrom(...types)), { minLength: 1, maxLength: 12 })
  const property = fc.property(options, rows, (given, list) => {
    const isWanted = ([stream, type]: Row): boolean =>
      ((given.types?.includes(type) ?? true) &&
        (given.categories?.includes(categoryOf(stream)) ?? true) &&
        (given.system === true || !stream.startsWith('$'))) ||
      given.also?.some(asked => asked.stream === stream && asked.types.includes(type)) === true
    const filter = blockFilter(given)
    const wanted = filter === null ? null : filter(blockOf(list))
    const seen = list.map((_, row) => wanted === null || wanted[row] === 1)
    assert.equal(seen, list.map(isWanted))
    if (wanted !== null) assert.ok(wanted.length === 0 || wanted.includes(1), 'none is said by an empty answer')
  })
  fc.assert(property, { seed: 4, numRuns: 500 })
})

test.run()
