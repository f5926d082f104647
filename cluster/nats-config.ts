/** The least that the nodes of a cluster must be allowed in NATS, as a piece of the servers' configuration. */
import { EventStoreError } from '../event/error.ts'
import { bucketOf, bucketStream, checkClusterName, inboxOf, streamOf } from './nats-subjects.ts'

export interface NatsConfigOptions {
  /** The name of the cluster. */
  readonly name: string
  /** Streams of its log. */
  readonly streams: number
  /** The public nkey of the user the nodes connect as, `U…`; without one the place is left for whoever sets up the servers. */
  readonly nkey?: string
}

export interface NatsPermissions {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/** Subjects a node publishes to and subscribes. Nothing of other clusters, no stream deleted, none that is not its own. */
export function natsPermissions({ name, streams }: Pick<NatsConfigOptions, 'name' | 'streams'>): NatsPermissions {
  checkClusterName(name)
  const log = Array.from({ length: streams }, (_, index) => streamOf(name, index))
  const calls = (stream: string): string[] => [
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.CREATE.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.>`,
    `$JS.API.CONSUMER.DELETE.${stream}.>`,
  ]
  return {
    publish: [
      `allsource.${name}.>`,
      `$KV.${bucketOf(name)}.>`,
      // Replies to nodes of this cluster.
      `${inboxOf(name)}.>`,
      ...log.flatMap(calls),
      ...log.map(stream => `$JS.API.STREAM.PURGE.${stream}`),
      ...calls(bucketStream(name)),
    ],
    subscribe: [`allsource.${name}.bus.>`, `${inboxOf(name)}.>`],
  }
}

/** The text of a file that `include` takes, at the top of a server's configuration or inside an account. Throws INVALID. */
export function natsConfig(options: NatsConfigOptions): string {
  const { publish, subscribe } = natsPermissions(options)
  const { name, nkey } = options
  if (nkey !== undefined && !/^U[A-Z2-7]{55}$/.test(nkey)) {
    throw new EventStoreError('INVALID', 'nkey is the public key of a user: U and 55 letters and digits.', { field: 'nkey' })
  }
  const list = (subjects: readonly string[]): string => subjects.map(subject => `          ${JSON.stringify(subject)}`).join('\n')
  const who = nkey === undefined ? '# nkey: "U…"   the public key of the seed that the nodes are given' : `nkey: ${JSON.stringify(nkey)}`
  return `# What the nodes of the allsource cluster "${name}" may do, and nothing else. Every NATS server needs it.
authorization {
  users: [
    {
      ${who}
      permissions: {
        publish: { allow: [
${list(publish)}
        ] }
        subscribe: { allow: [
${list(subscribe)}
        ] }
      }
    }
  ]
}
`
}
