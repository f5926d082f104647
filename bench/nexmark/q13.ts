/** Nexmark q13: bids with what a table says of their auction; the table is read when the topology starts. */
import { table } from '../../topology/pipeline.ts'
import { answer, bidsOf, nexmarkRows } from './bids.ts'
import { sideRows } from './loops-joins.ts'

/** Rows `key,value` in place of a file. */
const side = ['key,value', ...Array.from({ length: sideRows }, (_, key) => `${key},value-${key}`)].join('\n')

const enriched = bidsOf(nexmarkRows('q13'))
  .map({ side: `auction % ${sideRows}` })
  .enrich({
    table: table(`data:text/csv,${encodeURIComponent(side)}`, { key: 'key', format: 'csv' }),
    match: 'side',
    take: ['value'],
  })

export const q13 = answer('q13', enriched, 'price')
