/** `joinWindow` against the contract, and against nested loops over all rows. */
import * as fc from 'fast-check'
import { joinWindow } from '../../operators/joinWindow.ts'
import { operatorContract } from '../contract/operator.ts'
import { equalsTwin, kinds, matches, type TwinRules } from './join-twin.ts'

const test = operatorContract(joinWindow, {
  poison: { skip: 'it looks at nothing that can fail' },
  twin: { skip: 'rows that leave say their order, see below' },
})

const time = (row: Readonly<Record<string, unknown>>): number => row['$eventTime'] as number

for (const kind of kinds)
  test(`${kind} equals a dumb twin`, () => {
    const windows = fc.constantFrom({ size: 40 }, { size: 40, offset: 15 }, { size: 50, every: 20 }, { size: 40, every: 10, offset: 5 })
    const options = fc.record({ match: matches, windows }).map(({ match, windows: own }) => ({
      match,
      kind,
      ...own,
      ...(kind !== 'semi' && kind !== 'anti' && { take: ['right', 'shown'] }),
    }))
    const rulesOf = ({ size = 0, every = size, offset = 0 }: { size?: number; every?: number; offset?: number }): TwinRules => {
      const starts = Array.from({ length: 60 }, (_, index) => (index - 20) * every + offset)
      const startsOf: TwinRules['startsOf'] = row => starts.filter(start => start <= time(row) && time(row) < start + size)
      return {
        sizeMs: size,
        startsOf,
        deadlineOf: row => Math.max(...startsOf(row)) + size - 1,
        closeOf: (_, __, start) => start + size - 1,
      }
    }
    return equalsTwin(joinWindow, { options, rulesOf })
  })

test.run()
