/** How the state of topologies stands to the log. */
import type { LogView } from '../../store/log/log-view.ts'
import type { TopologyRow } from '../../store/state.ts'
import type { DeployerOptions } from './deployer-options.ts'

/** It has folded events that the log does not hold, or holds no more. */
export function isAhead(row: TopologyRow, { log, lost = [] }: Pick<DeployerOptions, 'log' | 'lost'>): boolean {
  return Object.entries(row.sequences).some(([name, sequence]) => {
    const partition = Number(name)
    return (
      sequence > log.sequenceOf(partition) ||
      lost.some(loss => loss.partition === partition && loss.sequences && loss.sequences[0] <= sequence)
    )
  })
}

/** Last sequences of all partitions added up. */
export function eventsIn(log: LogView): number {
  let events = 0
  for (let partition = 0; partition < log.partitions; partition++) events += log.sequenceOf(partition)
  return events
}
