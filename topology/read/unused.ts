/** Warnings: what a file names and nobody uses. */
import { operators } from '../../operators/index.ts'
import type { Source } from '../topology.ts'
import type { Reading } from './reading.ts'
import type { ReadStep } from './step.ts'

/** Does something with each row beside handing it on, so it may well be the last one. */
const looksOn = 'tap'

interface Named {
  readonly sources: readonly Source[]
  readonly steps: readonly ReadStep[]
  readonly tables: ReadonlyMap<string, unknown>
  readonly usedTables: ReadonlySet<string>
}

export function sayUnused(reading: Reading, { sources, steps, tables, usedTables }: Named): void {
  // What nobody takes may be meant by what is wrong.
  if (reading.hasErrors) return
  const taken = new Set(steps.flatMap(({ from }) => from.map(({ step }) => step)))
  const isSink = ({ operator }: ReadStep): boolean => operators[operator]?.spec.kind === 'sink' || operator === looksOn
  for (const { id } of sources)
    if (!taken.has(id)) reading.warn(['sources', id], 'unused-source', { message: `nobody takes the rows of the source ${id}` })
  for (const name of tables.keys())
    if (!usedTables.has(name)) reading.warn(['tables', name], 'unused-table', { message: `nobody looks anything up in the table ${name}` })
  if (!steps.some(isSink))
    return reading.warn(['topology'], 'no-sink', { message: 'there is no sink, so nothing comes of what is computed' })
  for (const step of steps) {
    if (taken.has(step.id) || isSink(step)) continue
    const at = step.isUnderSinks ? step.path : [...step.path, 'id']
    reading.warn(at, 'unused-step', { message: `nobody takes the rows of the step ${step.id}` })
  }
}
