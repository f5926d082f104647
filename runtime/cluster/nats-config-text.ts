/** The permissions of a cluster in NATS, by what an operator knows of it. */
import { natsConfig } from '../../cluster/nats-config.ts'
import { streamsFor } from '../../cluster/nats-subjects.ts'
import { PARTITIONS_DEFAULT } from '../options.ts'
import { CLUSTER_NAME_DEFAULT } from './cluster-options.ts'

export interface NatsConfigTextOptions {
  /** Of the cluster. Default `allsource`. */
  readonly name?: string | undefined
  /** Public nkey of the user that the nodes come as. */
  readonly user?: string | undefined
  /** Of the store. Default 32. */
  readonly partitions?: number | undefined
}

/** A piece of the configuration of NATS servers. INVALID for a name or a key that is none. */
export function natsConfigText({ name = CLUSTER_NAME_DEFAULT, user, partitions = PARTITIONS_DEFAULT }: NatsConfigTextOptions = {}): string {
  return natsConfig({ name, streams: streamsFor(partitions), ...(user !== undefined && { nkey: user }) })
}
