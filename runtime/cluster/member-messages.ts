/** What the thread that decides who leads and the node's main thread tell each other; plain data. */
import type { MessagePort } from 'node:worker_threads'
import type { NatsOptions } from '../../cluster/jetstream.ts'
import type { Leader } from '../../cluster/term-state.ts'

export interface MemberWorkerData {
  readonly nats: NatsOptions
  /** The store's id. */
  readonly cluster: string
  readonly node: string
  readonly incarnation: string
  readonly zone: string
  readonly disk: string
  readonly partitions: number
  readonly shards: number
  readonly replicas: SharedArrayBuffer
  /** Words: readers of all on this node; 1 when there are some on any node. */
  readonly readers: SharedArrayBuffer
  readonly control: MessagePort
}

export type ToMember =
  /** A shard's worker is there, or again. */
  | { readonly kind: 'shard'; readonly shard: number; readonly port: MessagePort }
  /** Where the node's front ends can be asked from now on; empty for nowhere. */
  | { readonly kind: 'address'; readonly address: string }

/** A member as main needs it. */
export interface KnownMember {
  readonly node: string
  readonly address: string
  /** Heard of within the deadline. */
  readonly isHealthy: boolean
}

export type FromMember =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly details: Readonly<Record<string, unknown>> }
  | { readonly kind: 'leader'; readonly partition: number; readonly leader: Leader }
  | { readonly kind: 'members'; readonly members: readonly KnownMember[] }
  /** A partition's copy here stopped. */
  | { readonly kind: 'stopped'; readonly partition: number; readonly reason: string }
  /** The node can not go on: another process has taken its place. */
  | { readonly kind: 'ousted'; readonly message: string }
