/** `joinTemporal` against the contract, and against a look through all versions for each row. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Row } from '../../operators/flow.ts'
import { joinTemporal } from '../../operators/joinTemporal.ts'
import { compareKeys } from '../../operators/windows/window-keys.ts'
import { operatorContract } from '../contract/operator.ts'
import { equalInLanes } from '../contract/operator-lanes.ts'
import { runOperator, type Run } from '../contract/operator-run.ts'
import { joinInputs, matches } from './join-twin.ts'

const test = operatorContract(joinTemporal, {
  poison: { skip: 'it looks at nothing that can fail' },
  twin: { skip: 'rows that leave say their order, see below' },
})

const timeOf = (row: Row): number => row['$eventTime'] as number
const stampOf = (row: Row | undefined): number => (row?.['$watermark'] as number | undefined) ?? Infinity

interface Options {
  readonly match: Readonly<Record<string, string>>
  readonly kind?: string
  readonly ttl?: number
}

/** When a left row leaves is when the first row comes whose stamp is above its time: the versions before that one count. */
function answer(rows: readonly Row[], { match, kind = 'inner', ttl = Infinity }: Options): Row[] {
  const left = rows.filter(row => row['$input'] === 0 && timeOf(row) >= stampOf(row))
  const keyOf = (row: Row, names: readonly string[]): readonly unknown[] => names.map(name => row[name] ?? null)
  const leaving = left.flatMap(row => {
    const until = rows.findIndex((one, at) => at > rows.indexOf(row) && stampOf(one) > timeOf(row))
    const seen = rows.slice(0, until < 0 ? rows.length : until)
    const key = keyOf(row, Object.keys(match))
    const versions = seen.filter(
      one =>
        one['$input'] === 1 &&
        !key.includes(null) &&
        JSON.stringify(keyOf(one, Object.values(match))) === JSON.stringify(key) &&
        timeOf(one) <= timeOf(row),
    )
    // Sorting is stable, so that of equal times the later comer stands last.
    const version = versions.toSorted((a, b) => timeOf(a) - timeOf(b)).at(-1)
    const found = version !== undefined && timeOf(row) < timeOf(version) + ttl ? version : undefined
    const order = until < 0 ? rows.length - 1 : until - 1
    return [{ row, key, found, order }]
  })
  leaving.sort((a, b) => timeOf(a.row) - timeOf(b.row) || compareKeys(a.key, b.key) || rows.indexOf(a.row) - rows.indexOf(b.row))
  const isWanted = (found: Row | undefined): boolean => kind === 'left' || (kind === 'anti') === (found === undefined)
  return leaving
    .filter(({ found }) => isWanted(found))
    .map(({ row, found, order }) => ({
      at: row['left'],
      time: timeOf(row),
      order,
      right: kind === 'semi' || kind === 'anti' ? undefined : (found?.['right'] ?? null),
    }))
}

for (const kind of ['inner', 'left', 'semi', 'anti'])
  test(`${kind} equals a dumb twin`, async () => {
    const options = fc.record({ match: matches, ttl: fc.constantFrom(undefined, undefined, 5, 40) }).map(({ match, ttl }) => ({
      match: match as Readonly<Record<string, string>>,
      kind,
      ...(ttl !== undefined && { ttl }),
      ...((kind === 'inner' || kind === 'left') && { take: ['right'] }),
    }))
    const property = fc.asyncProperty(joinInputs, options, fc.constantFrom(1, 2, 7, 4096), async (input, chosen, pageRows) => {
      const rows = input.filter(one => typeof one === 'object')
      const run: Run = { options: chosen, input, pageRows, restartAfter: [1, 2, 4], showsOrder: true }
      const outcome = await runOperator(joinTemporal, run)
      assert.ok(await equalInLanes(joinTemporal, run, outcome))
      const { ports } = outcome
      const main = (ports['main'] ?? []).map(row => ({
        at: row['left'],
        time: row['$eventTime'],
        order: row['$order'],
        right: row['right'],
      }))
      assert.equal(main, answer(rows, chosen))
      assert.is(ports['late']?.length ?? 0, rows.filter(row => row['$input'] === 0 && timeOf(row) < stampOf(row)).length)
    })
    await fc.assert(property, { seed: 4, numRuns: 200 })
  })

test.run()
