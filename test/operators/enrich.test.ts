/** `enrich` against the contract, with a table of CSV and one of JSON. */
import * as fc from 'fast-check'
import { enrich } from '../../operators/enrich.ts'
import type { Row } from '../../operators/flow.ts'
import { operatorContract } from '../contract/operator.ts'
import { withBarriers } from './arbitrary.ts'

const csv = { file: 'data:text/csv,id,name%0A1,one%0A2,NA%0A', key: 'id', format: 'csv' }
const json = { file: 'data:application/json,[{"id":1,"name":"one"},{"id":2,"name":"NA"}]', key: 'id', format: 'json' }
const names: Readonly<Record<string, string>> = { 1: 'one', 2: 'NA' }
const nameOf = (row: Row): string | undefined => names[String(row['id'])]

const test = operatorContract(enrich, {
  poison: { origin: 'no airport' },
  twin: {
    input: withBarriers(fc.record({ id: fc.constantFrom(1, 2, 3, '1', '2', 'x', null) })),
    options: fc.constantFrom(
      { table: csv, match: 'id', take: { label: 'name' } },
      { table: json, match: 'id', take: { label: 'name' } },
      { table: json, match: 'id', take: { label: 'name' }, missing: 'pass' },
    ),
    answer(rows, { missing }) {
      const kept = rows.filter(row => missing === 'pass' || nameOf(row) !== undefined)
      const dead = [...rows.entries()].flatMap(([order, row]) => (kept.includes(row) ? [] : [order]))
      return { ports: { main: kept.map(row => ({ ...row, label: nameOf(row) ?? null })) }, dead }
    },
  },
})

test.run()
