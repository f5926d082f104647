/** The property every key-value backend must have: on random changes it answers like a dumb sorted list. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { compareBytes } from '../../event/compare-bytes.ts'
import type { Bytes, OwnedKeyValue, Range } from '../../store/key-value.ts'
import { withDatabase } from './key-value.ts'
import type { Backend, ContractColumn } from './key-value.ts'

type Change = { kind: 'put'; key: Bytes; value: Bytes } | { kind: 'delete'; key: Bytes } | { kind: 'range'; gte: Bytes; lt: Bytes }

/** Few letters and short keys, so that changes meet. */
const key = fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 })
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('put' as const), key, value: fc.uint8Array({ maxLength: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('range' as const), gte: key, lt: key }) },
)
const low = fc.oneof(fc.constant({}), fc.record({ gte: key }), fc.record({ gt: key }))
const high = fc.oneof(fc.constant({}), fc.record({ lt: key }), fc.record({ lte: key }))
const rest = fc.record({ reverse: fc.boolean(), limit: fc.nat(9), bytes: fc.integer({ min: 1, max: 40 }) }, { requiredKeys: [] })
const range: fc.Arbitrary<Range> = fc.tuple(low, high, rest).map(parts => Object.assign({}, ...parts) as Range)

type Row = readonly [Bytes, Bytes]

/** The twin: all rows in one array, sorted on each look. */
class SortedList {
  #rows: Row[] = []

  apply(step: Change): void {
    if (step.kind === 'range') this.#rows = this.#rows.filter(([key]) => compareBytes(key, step.gte) < 0 || compareBytes(key, step.lt) >= 0)
    else this.#rows = this.#rows.filter(([key]) => compareBytes(key, step.key) !== 0)
    if (step.kind === 'put') this.#rows.push([step.key, step.value])
  }

  scan(asked: Range): Row[] {
    const inside = this.#rows
      .filter(([key]) => asked.gte === undefined || compareBytes(key, asked.gte) >= 0)
      .filter(([key]) => asked.gt === undefined || compareBytes(key, asked.gt) > 0)
      .filter(([key]) => asked.lt === undefined || compareBytes(key, asked.lt) < 0)
      .filter(([key]) => asked.lte === undefined || compareBytes(key, asked.lte) <= 0)
      .toSorted((a, b) => compareBytes(a[0], b[0]))
    if (asked.reverse) inside.reverse()
    const found: Row[] = []
    let gathered = 0
    for (const row of inside) {
      if (found.length >= (asked.limit ?? Infinity) || gathered >= (asked.bytes ?? Infinity)) break
      found.push(row)
      gathered += row[0].length + row[1].length
    }
    return found
  }
}

function apply(database: OwnedKeyValue<ContractColumn>, changes: readonly Change[]): void {
  const batch = database.batch()
  for (const step of changes) {
    if (step.kind === 'put') batch.put('index', step.key, step.value)
    else if (step.kind === 'delete') batch.delete('index', step.key)
    else {
      database.write(batch, { sync: false })
      batch.clear()
      database.deleteRange('index', step.gte, step.lt)
    }
  }
  database.write(batch, { sync: false })
}

const plain = (rows: readonly Row[]): number[][][] => rows.map(([key, value]) => [[...key], [...value]])

/** One database serves all runs of the property; it is emptied between them. */
export function keyValueTwin(test: (name: string, run: () => Promise<void>) => void, backend: Backend, numRuns: number): void {
  test(`${backend.name}: answers like a sorted list on random changes`, () =>
    withDatabase(backend, database => {
      const property = fc.property(
        fc.array(change, { maxLength: 60 }),
        fc.array(range, { minLength: 1, maxLength: 8 }),
        (changes, ranges) => {
          database.deleteRange('index', Uint8Array.of(0), Uint8Array.of(255))
          const twin = new SortedList()
          apply(database, changes)
          for (const step of changes) twin.apply(step)
          for (const asked of ranges) {
            const { keys, values } = database.scan('index', asked)
            assert.deepEqual(plain(keys.map((found, i) => [found, values[i]!])), plain(twin.scan(asked)))
            for (const [i, found] of keys.entries()) assert.deepEqual([...database.get('index', found)!], [...values[i]!])
          }
        },
      )
      fc.assert(property, { seed: 20260101, numRuns })
    }))
}
