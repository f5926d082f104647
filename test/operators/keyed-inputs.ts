/** Random rows with keys of all kinds, and what a step needs to be made by hand, for the tests of operators with state by key. */
import * as fc from 'fast-check'
import { anyRow } from '../../operators/expressions/types.ts'
import type { Row } from '../../operators/flow.ts'
import type { StepContext } from '../../operators/operator.ts'
import type { MemoryState } from '../contract/operator-run.ts'

/** Pairs that are easily taken for one another. */
export const keys = fc.constantFrom<unknown>(null, 1, '1', 0, false, 'null', '', 'é', '\u{1f6eb}', '\ufffd', '\ud800', [1], { a: 1 })

/** Rows by key, as a twin keeps them. */
export function keyName(row: Row, by: readonly string[]): string {
  return JSON.stringify(by.map(name => row[name] ?? null))
}

/** The rows without their stamps. */
export function plain(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith('$')))
}

/** A context that holds a state and gathers the rows given up. */
export function contextWith(state: MemoryState, more: Partial<StepContext> = {}): StepContext {
  const refuse = (): never => {
    throw new Error('no step of these tests asks for this')
  }
  const context = { step: 'step', module: import.meta.url, row: anyRow, state, projection: refuse, lookup: refuse, outbox: refuse }
  return { ...context, resolve: refuse, dead: refuse, beforeCall: () => {}, ...more }
}

export const columnsBy = fc.constantFrom<readonly string[]>(['key'], ['key', 'second'])
