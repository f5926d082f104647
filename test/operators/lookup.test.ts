/** `lookup` against the contract; what it shares with `enrich` is tested there. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { anyRow } from '../../operators/expressions/types.ts'
import { lookup } from '../../operators/lookup.ts'
import { operatorContract } from '../contract/operator.ts'
import { runOperator } from '../contract/operator-run.ts'
import { withBarriers } from './arbitrary.ts'

const table = { file: 'data:text/csv,id,name%0A1,one%0A2,two%0A', key: 'id', format: 'csv' }
const names: Readonly<Record<string, string>> = { 1: 'one', 2: 'two' }

const test = operatorContract(lookup, {
  poison: { skip: 'it gives up no row' },
  twin: {
    input: withBarriers(fc.record({ id: fc.constantFrom(1, 2, 3, '1', '2', 'x', null) })),
    options: fc.constantFrom('inner', 'left', 'semi', 'anti').map(kind => ({
      table,
      match: 'id',
      kind,
      ...((kind === 'inner' || kind === 'left') && { take: { label: 'name' } }),
    })),
    answer(rows, { kind }) {
      const found = rows.map(row => ({ row, label: names[String(row['id'])] ?? null }))
      const kept = found.filter(({ label }) => kind === 'left' || (kind === 'anti') === (label === null))
      const isHalf = kind === 'semi' || kind === 'anti'
      return { ports: { main: kept.map(({ row, label }) => ({ ...row, ...(!isHalf && { label }) })) }, dead: [] }
    },
  },
})

test('semi and anti take nothing', () => {
  const types = (): unknown => lookup.types?.({ table, match: 'id', kind: 'semi', take: ['name'] } as never, anyRow, () => undefined)
  assert.throws(types, (error: unknown) => isEventStoreError(error, 'INVALID') && error.details['option'] === 'take')
})

test('a projection of another topology is looked up as it stands', async () => {
  const options = { table: { projection: 'sides' }, match: 'id', kind: 'inner', take: ['name'] }
  const projections = { sides: [[[1], { name: 'one' }] as const] }
  const { ports } = await runOperator(lookup, { options, projections, input: [{ id: 1 }, { id: '1' }, { id: null }], pageRows: 7 })
  assert.equal(ports['main'], [{ id: 1, name: 'one' }])
})

test.run()
