/** A new version of a topology takes the place of the one that runs: at an epoch, with the state of the steps that mean the same. */
import { EventStoreError } from '../../event/error.ts'
import type { Deployed, DeployOptions } from '../../event/topologies.ts'
import { diffPlans, type TopologyDiff } from '../../topology/diff.ts'
import type { Plan } from '../../topology/plan.ts'
import { emptyLayout, nextLayout } from '../../topology/state-layout.ts'
import type { DeployerOptions } from './deployer-options.ts'
import type { Deployments } from './deployments.ts'
import { prepareState } from './prepare-state.ts'
import { refuseLoss } from './refusals.ts'
import { type Deployment, projectionsOf } from './registry.ts'
import { asEventStoreError } from './topology-run.ts'
import type { TopologyRuns } from './topology-runs.ts'
import type { NextModule, Updates } from './updates.ts'

/** True when a plan is a later version of a topology that is deployed and not over. INVALID when it can not take its place for another reason. */
export function isNextVersion(current: Deployment, { version, projection }: Plan, { until }: DeployOptions): boolean {
  const { name, status, plan } = current
  if (plan.projection !== undefined || projection !== undefined || status === 'ended' || version <= current.version) return false
  const refuse = (field: string, message: string): EventStoreError => new EventStoreError('INVALID', message, { topology: name, field })
  if (until !== undefined) throw refuse('until', `topology ${name} is deployed and goes on; drain ends it`)
  if (current.isDraining || current.until !== undefined)
    throw refuse('version', `topology ${name} ends by itself; let it end, or undeploy it, before version ${version} is deployed`)
  return true
}

export class Versions {
  readonly #options: DeployerOptions
  readonly #deployments: Deployments
  readonly #runs: TopologyRuns
  readonly #updates: Updates

  constructor(options: DeployerOptions, deployments: Deployments, runs: TopologyRuns, updates: Updates) {
    this.#options = options
    this.#deployments = deployments
    this.#runs = runs
    this.#updates = updates
  }

  /** At the node's start, of one that does not run yet: its operators write another version of their state than those that wrote it. */
  async modernise(name: string): Promise<void> {
    const current = this.#deployments.named(name)
    const { plan, layout: before = emptyLayout } = current
    try {
      const diff = diffPlans(plan, plan, before.states)
      refuseLoss(diff, `this version of allsource can not go on with the state of topology ${name}`)
      await this.#takeOver(current, { ...current }, diff)
    } catch (error) {
      const { message } = asEventStoreError(error)
      await this.#updates.failed(name, new EventStoreError('INCOMPATIBLE', message, { topology: name }, { cause: error }))
    }
  }

  /** What runs goes on as it was when this rejects. */
  async upgrade(current: Deployment, next: NextModule, { accept = false, workers }: DeployOptions): Promise<Deployed> {
    const { name, plan: old, layout: before = emptyLayout } = current
    const { plan } = next
    this.#deployments.refuseProjections(name, projectionsOf(plan))
    this.#deployments.refuseLookups(plan)
    const diff = diffPlans(old, plan, before.states)
    if (!accept)
      refuseLoss(diff, `version ${plan.version} of topology ${name} can not go on with all that version ${current.version} keeps`)
    await this.#takeOver(current, { ...next, ...(workers !== undefined && { workers }) }, diff)
    const { version, status } = this.#deployments.named(name)
    if (status === 'paused') await this.#runs.settle(this.#deployments.named(name))
    return { name, version, status, update: 'upgraded' }
  }

  async #takeOver(current: Deployment, next: NextModule, diff: TopologyDiff): Promise<void> {
    const { scope, nextIncarnation } = this.#options
    const { plan, module } = next
    const { layout, migrations } = nextLayout({ plan: current.plan, layout: current.layout ?? emptyLayout }, plan, diff)
    await this.#updates.exchange(current, { ...next, layout }, async () => {
      // Of a version that was never started, because the topology was paused.
      await this.#runs.settle(current)
      await prepareState(this.#runs, { scope, next: { ...current, plan, module }, layout, migrations, incarnation: nextIncarnation() })
    })
  }
}
