/**
 * A table that is a projection of the same topology: the rows that make the projection become a second input of the step that looks them up, so
 * that each look-up sees the projection as it stood at that point of the log, at any speed and page size.
 */
import { EventStoreError } from '../event/error.ts'
import type { Step, Topology } from './topology.ts'

interface ProjectionTable {
  readonly projection: string
}

function tableOf({ operator, options }: Step): ProjectionTable | undefined {
  const table = options['table']
  const isProjection = operator === 'enrich' && typeof table === 'object' && table !== null && 'projection' in table
  return isProjection ? (table as ProjectionTable) : undefined
}

/** The step of the topology that writes the projection a step looks rows up in, if it is one of this topology. */
export function writerOfTable(step: Step, steps: readonly Step[]): Step | undefined {
  const table = tableOf(step)
  return table && steps.find(({ operator, options }) => operator === 'projection' && options['name'] === table.projection)
}

/** Projections of other topologies that steps look rows up in. */
export function foreignProjections(steps: readonly Step[]): readonly string[] {
  const names = steps.flatMap(step => {
    const table = tableOf(step)
    return table === undefined || 'joined' in table || writerOfTable(step, steps) !== undefined ? [] : [table.projection]
  })
  return [...new Set(names)]
}

/** The steps with their second inputs. INVALID when a look-up stands before the steps that make what it looks up. */
export function withJoinedProjections({ steps }: Pick<Topology, 'steps'>): readonly Step[] {
  return steps.map((step, at) => {
    const writer = writerOfTable(step, steps)
    if (writer === undefined) return step
    const behind = writer.from.find(({ step: id }) => steps.findIndex(one => one.id === id) >= at)
    if (behind !== undefined)
      throw new EventStoreError(
        'INVALID',
        `it looks rows up in the projection of ${writer.id}, which is made of ${behind.step} behind it`,
        {
          step: step.id,
          option: 'table',
        },
      )
    const { key, value } = writer.options
    const table = { ...tableOf(step), key, ...(value !== undefined && { value }), joined: step.from.length }
    return { ...step, options: { ...step.options, table }, from: [...step.from, ...writer.from] }
  })
}
