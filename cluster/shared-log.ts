/**
 * The contract of a log that several nodes share: what a partition commits is appended here first, under a condition, and every replica follows it.
 * A message is opaque here; `record.ts` says what is in one. Implementations: `jetstream.ts`, and `loopback.ts` in memory, with faults on request.
 */

/** One message as the log gave it back. */
export interface LogMessage {
  readonly partition: number
  /** The log's own number of the message: rising in a partition, with holes. The condition of an append names it. */
  readonly sequence: number
  readonly bytes: Uint8Array
}

/**
 * What is known of an append. `committed`: a quorum has all of its messages; `sequence` is that of the last one. `conflict`: the condition did not
 * hold when the log looked, or the log said so though it did (known to happen): whoever cares reads the last message. `unknown`: no answer, a lost
 * connection, or a refusal that does not say whether it was applied; it may still be applied later.
 */
export type LogAppend =
  | { readonly kind: 'committed'; readonly sequence: number }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unknown'; readonly reason: string }

export interface Following {
  /** Nothing is delivered once it resolves. */
  close(): Promise<void>
}

export interface FollowOptions {
  readonly partitions: readonly number[]
  /** Delivery begins behind this sequence of a partition; 0 is the start of what is left. Messages up to it may be delivered again. */
  readonly after: (partition: number) => number
  /**
   * Told every message of the partitions, in order within each. While its promise is open nothing more is delivered, so that a slow follower holds a
   * bounded amount.
   */
  readonly message: (message: LogMessage) => void | Promise<void>
  /** Told when the log could not deliver for a while and when it does again; it goes on by itself. */
  readonly trouble?: (reason: string | null) => void
}

export interface SharedLog {
  /**
   * Appends messages to a partition, all or none of them, if the last message there is the one with sequence `after` (0: there is none). Never
   * throws; the messages must not change afterwards.
   */
  append(partition: number, after: number, messages: readonly Uint8Array[]): Promise<LogAppend>
  /** The last message of a partition, as its quorum's leader has it; null when there was never one. Throws UNREACHABLE when nobody answers. */
  last(partition: number): Promise<LogMessage | null>
  follow(options: FollowOptions): Following
  /** Forgets messages below a sequence, never the last one of a partition. Throws UNREACHABLE when nobody answers; it may be done again. */
  trim(partition: number, before: number): Promise<void>
  close(): Promise<void>
}

/** Bytes of one message at most; what is larger is appended as several. */
export const MESSAGE_BYTES = 512 * 1024
