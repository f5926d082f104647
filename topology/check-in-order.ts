/** Checks `inOrder`: the columns come in, the step gives up rows that can come back, and nobody catches them. */
import type { RowType } from '../operators/expressions/types.ts'
import type { OptionSpec } from '../operators/operator.ts'
import { optionIssues } from './check-options.ts'
import type { OptionIssue } from './issue.ts'
import type { Step, Topology } from './topology.ts'

/** `inOrder` stands beside the operator and is proved like one of its options. */
export const inOrderSpec: OptionSpec = {
  type: 'list',
  summary: 'Columns that are a key: later rows of the same key wait behind one that was given up, until it is replayed or discarded.',
}

/** They have no dead letters that could wait. */
const givesUpNothing: readonly string[] = ['catch', 'drop', 'keyBy', 'merge', 'rename']

export function inOrderIssues({ operator, inOrder }: Step, { sources }: Topology, row: RowType): OptionIssue[] {
  if (inOrder === undefined) return []
  const say = (message: string): OptionIssue[] => [{ path: ['inOrder'], message }]
  if (givesUpNothing.includes(operator))
    return say(`${operator} gives up no rows, so it has none to keep in order; say inOrder at a step that does`)
  if (operator === 'deadLetter') return say('deadLetter gives up every row, so those that wait behind one would wait for ever')
  if (sources.some(({ kind }) => kind === 'generate'))
    return say('inOrder needs sources that follow the log: rows of a generator can not come back to be tried again')
  return optionIssues({ inOrder }, { inOrder: inOrderSpec }, { path: [], row })
}
