/** A query's graph alone: no node, no epochs, no disk; what is left when everything around the operators is taken away. */
import { createFragment, type FragmentContext } from '../../actors/fragment.ts'
import { planOfModule, resolveReference } from '../../runtime/deploy/user-module.ts'
import { nexmark } from './columns.ts'
import type { Answer, Query } from './loops.ts'

/** Pulls all pages through the graph in this thread. */
export async function graphAlone(
  query: Query,
  events: number,
  { pageRows = 4096, form = query, group = 1 }: { readonly pageRows?: number; readonly form?: string; readonly group?: number } = {},
): Promise<Answer> {
  const module = new URL(`./${query}.ts`, import.meta.url).href
  const plan = await planOfModule(module, { export: form, until: 'head' })
  let found: Answer | undefined
  const context: FragmentContext = {
    module,
    state: () => ({ rows: () => [], get: () => undefined, getMany: keys => keys.map(() => undefined), put: () => {}, delete: () => {} }),
    projection: () => ({ put: (_, value) => (found = answerOf(value)), delete: () => {}, get: () => undefined, rows: () => [] }),
    outbox: () => ({ append: () => {}, post: () => {} }),
    dead: row => {
      throw new Error(`a row was given up: ${row.cause}`)
    },
    resolve: reference => resolveReference(reference, module),
  }
  const fragment = await createFragment(plan, context)
  const source = nexmark({ events, group })
  let rows = 0
  for (let page = source.next(pageRows, rows); page !== null; page = source.next(pageRows, rows)) {
    rows += page.count
    fragment.push(page)
  }
  fragment.push({ kind: 'end' })
  fragment.push({ kind: 'barrier', epoch: 1 })
  fragment.close()
  if (!found) throw new Error(`${query} gave no answer`)
  return found
}

/** Reads the row of the projection; sums above 2^53 are texts. */
export function answerOf(value: unknown): Answer {
  const { rows, sum } = value as { rows: number; sum: number | string }
  return { rows, sum: BigInt(sum) }
}
