/** What the cases of the cluster bench share. */
import type { NatsServers } from '../../test/fixtures/nats-servers.ts'

export interface ClusterBenchOptions {
  /** That a wiped node has to catch up with. */
  readonly events: number
  readonly kills: number
  /** Length of one load; each has its own default. */
  readonly seconds: number | undefined
  readonly cases: readonly string[]
  readonly directory: string | undefined
}

export interface CaseParts {
  readonly nats: NatsServers
  readonly directory: string
  readonly options: ClusterBenchOptions
  isWanted(name: string): boolean
  /** A cluster of its own a case, so that none reads what another wrote. */
  nextName(): string
}
