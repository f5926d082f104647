/** `joinInterval` against the contract, and against nested loops over all rows. */
import * as fc from 'fast-check'
import { joinInterval } from '../../operators/joinInterval.ts'
import { operatorContract } from '../contract/operator.ts'
import { equalsTwin, kinds, matches, type TwinRules } from './join-twin.ts'

const test = operatorContract(joinInterval, {
  poison: { skip: 'it looks at nothing that can fail' },
  twin: { skip: 'rows that leave say their order, see below' },
})

const time = (row: Readonly<Record<string, unknown>>): number => row['$eventTime'] as number

for (const kind of kinds)
  test(`${kind} equals a dumb twin`, () => {
    const bounds = fc.oneof(
      fc.record({ before: fc.constantFrom(0, 5, 40), after: fc.constantFrom(0, 10, 60) }),
      fc.record({ before: fc.constantFrom(0, 20), until: fc.constant('until') }),
    )
    const options = fc.record({ match: matches, bounds }).map(({ match, bounds: own }) => ({
      match,
      kind,
      ...own,
      ...(kind !== 'semi' && kind !== 'anti' && { take: ['right', 'shown'] }),
    }))
    const rulesOf = ({ before = 0, after, until }: { before?: number; after?: number; until?: string }): TwinRules => ({
      deadlineOf: time,
      closeOf: (row, input) =>
        input === 1 ? time(row) + before : until === undefined ? time(row) + (after as number) : (row[until] as number),
    })
    return equalsTwin(joinInterval, { options, rulesOf })
  })

test.run()
