/** What a node asks of whoever runs its topologies: so that a node that can not run any yet says so in one place. */
import type { Scope } from '../../event/scope.ts'
import type { Controls } from './controls.ts'
import type { Deployer } from './deployer.ts'
import type { TenantTopology } from './deployers.ts'
import type { Rebuilds } from './rebuilds.ts'
import type { Savepoints } from './savepoints.ts'

/** Of one tenant. */
export interface TenantDeployer extends Pick<
  Deployer,
  'deploy' | 'watchModules' | 'undeploy' | 'plan' | 'topologies' | 'caughtUp' | 'topologyEnded' | 'state'
> {
  readonly controls: Pick<Controls, 'pause' | 'resume' | 'drain' | 'rescale'>
  readonly rebuilds: Pick<Rebuilds, 'cancel'>
  readonly savepoints: Pick<Savepoints, 'create' | 'list' | 'restore' | 'drop'>
  /** Throws why nothing can be deployed, whatever it is; before anything is written for it. */
  readonly refuse?: () => void
}

export interface NodeDeployers {
  of(scope: Scope): TenantDeployer
  passing(scope: Scope): TenantDeployer
  drop(scope: Scope): Promise<void>
  close(): Promise<void>
  topologies(): Promise<TenantTopology[]>
  readonly starting: readonly string[]
  /** Throws why no tenant can be dropped. */
  readonly refuseDrop?: () => void
}
