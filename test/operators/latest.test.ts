/** `latest` against the contract. */
import * as fc from 'fast-check'
import { latest } from '../../operators/latest.ts'
import { operatorContract } from '../contract/operator.ts'
import { stamped, withBarriers } from './arbitrary.ts'
import { columnsBy, keyName, keys, plain } from './keyed-inputs.ts'

const row = fc.record({ at: fc.integer({ min: 0, max: 30 }), key: keys, second: fc.constantFrom('a', null) })

const test = operatorContract(latest, {
  poison: { skip: 'it looks at nothing that can fail' },
  twin: {
    input: fc.oneof(
      withBarriers(row).map(input => stamped(input, 5)),
      withBarriers(row),
    ),
    options: columnsBy.map(by => ({ by })),
    answer(rows, { by }) {
      const newest = new Map<string, number>()
      const isNewest = rows.map(one => {
        const [name, time] = [keyName(one, by as string[]), (one['$eventTime'] as number | undefined) ?? 0]
        if (time < (newest.get(name) ?? -Infinity)) return false
        newest.set(name, time)
        return true
      })
      const among = (wanted: boolean): unknown => rows.filter((_, index) => isNewest[index] === wanted).map(plain)
      return { ports: { main: among(true), late: among(false) } as never, dead: [] }
    },
    numRuns: 120,
  },
})

test.run()
