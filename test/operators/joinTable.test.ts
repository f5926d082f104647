/** `joinTable` against the contract, and against nested loops over all rows. */
import * as fc from 'fast-check'
import { joinTable } from '../../operators/joinTable.ts'
import { operatorContract } from '../contract/operator.ts'
import { equalsTwin, joinInputs, kinds, matches, type TwinRules, untimedInputs } from './join-twin.ts'

const test = operatorContract(joinTable, {
  poison: { skip: 'it looks at nothing that can fail' },
  twin: { skip: 'rows that leave say their order, see below' },
})

const time = (row: Readonly<Record<string, unknown>>): number => row['$eventTime'] as number

const rulesOf = ({ keep, ttl = Infinity }: { keep?: string; ttl?: number }): TwinRules => ({
  isTable: true,
  keepsLeft: keep === 'both',
  deadlineOf: () => Infinity,
  closeOf: (row, input) => (input === 0 && keep !== 'both' ? Infinity : ttl === Infinity ? Infinity : time(row) + ttl - 1),
})

for (const kind of kinds) {
  const taken = kind !== 'semi' && kind !== 'anti' && { take: ['right', 'shown'] }
  const optionsOf = (ways: readonly object[]): fc.Arbitrary<Readonly<Record<string, unknown>>> =>
    fc.record({ match: matches, way: fc.constantFrom(...ways) }).map(({ match, way }) => ({ match, kind, ...way, ...taken }))

  test(`${kind} with both kept equals a dumb twin`, async () => {
    await equalsTwin(joinTable, {
      options: optionsOf([
        { keep: 'both', ttl: 40 },
        { keep: 'both', ttl: 5 },
        { keep: 'both', state: 'unbounded' },
      ]),
      rulesOf,
    })
    await equalsTwin(joinTable, { inputs: untimedInputs, options: optionsOf([{ keep: 'both', state: 'unbounded' }]), rulesOf })
  })

  if (kind === 'right' || kind === 'full') continue
  test(`${kind} with a table alone equals a dumb twin`, async () => {
    for (const inputs of [joinInputs, untimedInputs]) await equalsTwin(joinTable, { inputs, options: optionsOf([{}]), rulesOf })
    await equalsTwin(joinTable, { options: optionsOf([{ ttl: 40 }, { ttl: 1 }]), rulesOf })
  })
}

test.run()
