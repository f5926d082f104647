/** Topologies and the end of tenants do not go over several nodes yet: whatever asks for them on a node of a cluster is refused, here. */
import { EventStoreError } from '../../event/error.ts'
import type { NodeDeployers, TenantDeployer } from '../deploy/node-deployers.ts'

export function refusedInCluster(what: string): EventStoreError {
  return new EventStoreError('INVALID', `${what} on a node of a cluster is not possible yet; a node that stands alone can`, {
    field: 'cluster',
  })
}

function refuse(what: string): never {
  throw refusedInCluster(what)
}

const refused = (what: string) => async (): Promise<never> => refuse(what)

const deployer: TenantDeployer = {
  refuse: () => refuse('to deploy'),
  deploy: refused('to deploy'),
  watchModules: refused('to watch modules'),
  undeploy: refused('to undeploy'),
  plan: () => refuse('to ask for a plan'),
  state: () => refuse('to read state'),
  topologyEnded: refused('to wait for a topology'),
  controls: {
    pause: refused('to pause a topology'),
    resume: refused('to resume a topology'),
    drain: refused('to drain a topology'),
    rescale: refused('to rescale a topology'),
  },
  rebuilds: { cancel: refused('to cancel a rebuild') },
  savepoints: {
    create: refused('to make a savepoint'),
    list: () => refuse('to list savepoints'),
    restore: refused('to restore a savepoint'),
    drop: refused('to drop a savepoint'),
  },
  topologies: async () => [],
  // Nothing runs that could be behind.
  caughtUp: async () => undefined,
}

export const noTopologies: NodeDeployers = {
  of: () => deployer,
  passing: () => deployer,
  drop: refused('to drop a tenant'),
  close: async () => undefined,
  topologies: async () => [],
  starting: [],
  refuseDrop: () => refuse('to drop a tenant'),
}
