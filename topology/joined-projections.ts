/**
 * A table that is a projection of the same topology: the rows that make the projection become further inputs of the step that looks them up, so
 * that each look-up sees the projection as it stood at that point of the log, at any speed and page size.
 */
import { EventStoreError } from '../event/error.ts'
import { envelopeTypes, type RowType } from '../operators/expressions/types.ts'
import { namesOf, type Names } from '../operators/names.ts'
import type { OptionIssue } from './issue.ts'
import { hint } from './nearest.ts'
import { isName } from './proof.ts'
import type { Step, Topology } from './topology.ts'

const lookingUp: ReadonlySet<string> = new Set(['enrich', 'lookup'])

interface ProjectionTable {
  readonly projection: string
}

function tableOf({ operator, options }: Step): ProjectionTable | undefined {
  const table = options['table']
  const isProjection = lookingUp.has(operator) && typeof table === 'object' && table !== null && 'projection' in table
  return isProjection ? (table as ProjectionTable) : undefined
}

/** The steps of the topology that write the projection a step looks rows up in; none when it is one of another topology. */
export function writersOfTable(step: Step, steps: readonly Step[]): readonly Step[] {
  const table = tableOf(step)
  return table === undefined ? [] : writersOf(table.projection, steps)
}

/** Those whose options can be read; what is wrong with others is said where they stand. */
function writersOf(projection: unknown, steps: readonly Step[]): readonly Step[] {
  return steps.filter(({ operator, options, from }) => {
    if (operator !== 'projection' || options['name'] !== projection) return false
    const { key, value = {} } = options
    return Array.isArray(key) && key.every(isName) && typeof value === 'object' && value !== null && Array.isArray(from)
  })
}

/** Projections of other topologies that steps look rows up in. */
export function foreignProjections(steps: readonly Step[]): readonly string[] {
  const names = steps.flatMap(step => {
    const table = tableOf(step)
    return table === undefined || 'joined' in table || writersOfTable(step, steps).length > 0 ? [] : [table.projection]
  })
  return [...new Set(names)]
}

/** The steps with their further inputs. INVALID when a look-up stands before the steps that make what it looks up. */
export function withJoinedProjections({ steps }: Pick<Topology, 'steps'>): readonly Step[] {
  return steps.map(step => withJoinedProjection(step, steps))
}

/** One of the steps with its further inputs, if it has any. */
export function withJoinedProjection(step: Step, steps: readonly Step[]): Step {
  const writers = writersOfTable(step, steps)
  const [first, ...others] = writers
  if (first === undefined) return step
  refuseBehind(step, writers, steps)
  const { key, value } = first.options
  const isAlike = others.every(({ options }) => JSON.stringify(options['value']) === JSON.stringify(value))
  // What is taken of a row depends on who writes it: one entry for each further input.
  const values = writers.flatMap(({ options, from }) => from.map(() => options['value'] ?? null))
  const meaning = isAlike ? value !== undefined && { value } : { values }
  const table = { ...tableOf(step), key, ...meaning, joined: step.from.length }
  return { ...step, options: { ...step.options, table }, from: [...step.from, ...writers.flatMap(({ from }) => from)] }
}

function refuseBehind(step: Step, writers: readonly Step[], steps: readonly Step[]): void {
  const at = steps.indexOf(step)
  for (const writer of writers) {
    const behind = writer.from.find(({ step: id }) => steps.findIndex(one => one.id === id) >= at)
    if (behind === undefined) continue
    const message = `it looks rows up in the projection of ${writer.id}, which is made of ${behind.step} behind it`
    throw new EventStoreError('INVALID', message, { step: step.id, option: 'table' })
  }
}

/** Columns that a step takes of a projection of this topology that do not stand in it, by the rows of which it is made. */
export function takenIssues(step: Step, steps: readonly Step[], rowInto: (step: Step) => RowType): OptionIssue[] {
  const { take = [], table } = step.options as { readonly take?: Names; readonly table: ProjectionTable }
  return writersOfTable(step, steps).flatMap(writer => {
    const names = columnsWritten(writer, rowInto(writer))
    if (names === undefined) return []
    return namesOf(take).flatMap(([name, field], index): OptionIssue[] => {
      if (names.includes(field)) return []
      const message = `there is no column ${field} in the projection ${table.projection}${hint(field, names)} (there are: ${names.join(', ') || 'none'})`
      return [{ path: ['take', Array.isArray(take) ? index : name], message }]
    })
  })
}

/** The columns of the values it writes; undefined when there may be any. */
function columnsWritten({ options }: Step, row: RowType): readonly string[] | undefined {
  const value = options['value'] as Names | undefined
  if (value !== undefined) return namesOf(value).map(([name]) => name)
  return row.isOpen ? undefined : Object.keys(row.fields).filter(name => !Object.hasOwn(envelopeTypes, name))
}

/** A projection has one kind of key, whoever writes it. */
export function sharedIssues(step: Step, steps: readonly Step[]): OptionIssue[] {
  const { name, key } = step.options
  const folding = foldedByTwo(step, steps)
  if (folding !== undefined)
    return [{ path: ['name'], message: `${folding.id} writes the projection ${name as string} as well; a fold needs its rows for itself` }]
  const other = step.operator === 'projection' ? writersOf(name, steps)[0] : undefined
  if (other === undefined || other === step) return []
  if (JSON.stringify(other.options['key']) === JSON.stringify(key)) return []
  const theirs = (other.options['key'] as readonly string[]).join(', ')
  const message = `${other.id} writes the projection ${name as string} by the key [${theirs}]; give this one the same key, or another name`
  return [{ path: ['key'], message }]
}

/** The other step that writes the projection, where one of the two folds into it: it would find rows that are not of its making. */
function foldedByTwo(step: Step, steps: readonly Step[]): Step | undefined {
  const isWriter = ({ operator }: Step): boolean => operator === 'projection' || operator === 'foldInto'
  if (!isWriter(step)) return undefined
  return steps.find(
    other =>
      other !== step &&
      isWriter(other) &&
      other.options['name'] === step.options['name'] &&
      [step, other].some(({ operator }) => operator === 'foldInto'),
  )
}
