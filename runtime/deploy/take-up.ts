/** What a deployer does first: makes the state fit the log, and starts what ran. */
import { streamEvents } from '../../actors/reader.ts'
import { dropUnusedSlots, readStoredName, type StoredName } from '../../store/slot.ts'
import { readTopologyRow, readTopologyRows, type TopologyRow } from '../../store/state.ts'
import type { DeployerOptions } from './deployer-options.ts'
import { about, type Deployments } from './deployments.ts'
import { isAhead } from './log-state.ts'
import { type Deployment, isOver, projectionsOf, storedTopology, TOPOLOGY_STREAM } from './registry.ts'
import { outdatedSteps } from '../../topology/state-layout.ts'
import type { TopologyRuns } from './topology-runs.ts'

/** Names of topologies. */
export interface TakenUp {
  /** They are folded again from the start. */
  readonly rebuilt: ReadonlySet<string>
  /** Their state is to be made new first, since operators write another version of it by now; they do not run yet. */
  readonly outdated: readonly string[]
}

/**
 * Folds `$topology`; what is not deployed goes, what is ahead of the log or was lost is folded again; then what ran is started. With `resume: false`
 * it stands still.
 */
export async function takeUp(options: DeployerOptions, deployments: Deployments, runs: TopologyRuns): Promise<TakenUp> {
  const { state, scope, log, resume, logger } = options
  const rebuilt = new Set<string>()
  const outdated: string[] = []
  const rebuild = (name: string): void => {
    rebuilt.add(name)
    logger.warn(about(scope, name), 'the state of a topology did not fit the log and is folded again from the start')
  }
  const rowOf = (deployment: Deployment): TopologyRow | undefined => readTopologyRow(state, storedTopology(scope, deployment))
  for (const event of streamEvents(log, scope + TOPOLOGY_STREAM, {}, true)) deployments.fold(event)
  if (!resume) {
    standStill(deployments, rowOf)
    return { rebuilt, outdated }
  }
  for (const [stored, row] of readTopologyRows(state)) {
    const { scope: whose, slot, name } = readStoredName(stored)
    if (whose !== scope) continue
    const current = deployments.get(name)
    // One that is rebuilt looks after its own.
    if (current?.beside?.deployment === row.deployment && current.beside.slot === slot) continue
    const isDeployed = current?.deployment === row.deployment && (current.slot ?? 0) === slot
    if (isDeployed && !isAhead(row, options)) continue
    if (isDeployed) rebuild(name)
    await runs.threads.writer.drop(stored)
  }
  dropUnusedSlots(state, ({ scope: whose, slot, name }) => {
    if (whose !== scope) return true
    return deployments.all.some(({ beside, ...one }) => [one, beside].some(of => of && holds(of, { slot, name })))
  })
  for (const deployment of deployments.all) {
    const { name, status, plan, layout } = deployment
    if (!isOver(deployment) && rowOf(deployment) !== undefined && outdatedSteps(plan, layout).length > 0) {
      outdated.push(name)
      continue
    }
    if (status === 'failed' || status === 'paused') continue
    if (status === 'ended' && rowOf(deployment)?.status !== 'ended') rebuild(name)
    runs.begin(deployment)
  }
  return { rebuilt, outdated }
}

/** Only what the state says already: a topology may have ended without the log knowing. */
function standStill(deployments: Deployments, rowOf: (deployment: Deployment) => TopologyRow | undefined): void {
  for (const deployment of deployments.all) {
    const row = rowOf(deployment)
    if (row?.deployment === deployment.deployment && row.status === 'ended') deployments.set({ ...deployment, status: 'ended' })
  }
}

/** The stored name is that of the deployment or of one of its projections. */
function holds(deployment: Deployment, { slot, name }: Pick<StoredName, 'slot' | 'name'>): boolean {
  return (deployment.slot ?? 0) === slot && (deployment.name === name || projectionsOf(deployment.plan).includes(name))
}
