/** Which adjacent stateless steps run as one: runs of steps in which each takes all its rows from the one before, and nobody else does. */
import { operators } from '../operators/index.ts'
import type { Plan } from './plan.ts'

/** Ids of the steps of each run of two or more, in the order of the plan. */
export function chainsOf({ steps }: Pick<Plan, 'steps'>): string[][] {
  const takers = new Map<string, number>()
  for (const { step } of steps.flatMap(({ from }) => from)) takers.set(step, (takers.get(step) ?? 0) + 1)
  const isStateless = (operator: string): boolean => Object.hasOwn(operators, operator) && operators[operator]?.spec.kind === 'stateless'
  const chains = new Map<string, string[]>()
  for (const { id, operator, from } of steps) {
    if (!isStateless(operator)) continue
    const [only, second] = from
    const before = only?.port === 'main' && second === undefined && takers.get(only.step) === 1 ? chains.get(only.step) : undefined
    const chain = before ?? []
    chain.push(id)
    chains.set(id, chain)
  }
  return [...new Set(chains.values())].filter(({ length }) => length > 1)
}
