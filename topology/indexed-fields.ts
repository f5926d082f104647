/** The fields by which the rows of a projection can be found. */
import type { Plan } from './plan.ts'

/** By projection, sorted; a projection that several steps write has the fields of all of them. */
export function indexedFields({ steps }: Pick<Plan, 'steps'>): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const { operator, options } of steps) {
    const { name, index } = options
    if (operator !== 'projection' || typeof name !== 'string' || !Array.isArray(index)) continue
    found.set(name, [...new Set([...(found.get(name) ?? []), ...(index as string[])])].sort())
  }
  return found
}
