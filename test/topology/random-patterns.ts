/** Random options for patterns: two steps with conditions over each other, and sometimes what must not be between or behind them. */
import type { Chance } from './random-logs.ts'

type Options = Readonly<Record<string, unknown>>

interface Around {
  readonly numbers: readonly string[]
  readonly names: readonly string[]
  readonly condition: () => string
}

export function pattern(chance: Chance, { numbers, names, condition }: Around): Options {
  const loop = (): Options => (chance.is(0.3) ? { times: chance.oneOf(['1..2', '2+', 2]), ...(chance.is(0.5) && { greedy: true }) } : {})
  const follows = chance.oneOf(['next', 'followedBy', 'followedByAny'])
  return {
    steps: [
      { begin: 'one', where: condition(), ...loop() },
      ...(chance.is(0.3) ? [{ notFollowedBy: 'never', where: condition() }] : []),
      { [follows]: 'two', where: `${chance.oneOf(numbers)} >= last(one.${chance.oneOf(numbers)})`, ...loop() },
      ...(chance.is(0.2) ? [{ notFollowedBy: 'then', where: condition() }] : []),
    ],
    within: chance.oneOf([20, 100, 400]),
    skip: chance.oneOf(['none', 'pastLast', 'toNext', 'toFirst two', 'toLast one']),
    select: { n: `sum(one.${chance.oneOf(numbers)})`, tags: `two."${chance.oneOf(names)}"`, small: 'count(two)' },
    limit: chance.oneOf([4, 100]),
  }
}
