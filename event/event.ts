/** What an event is before and after it is stored, and the words for its places. */

/** Name of a stream: 1 to 512 bytes of UTF-8, no control characters; a leading `$` is the system's. */
export type StreamId = string
/** Place in a stream: gapless, from 1. */
export type Version = number
/** Place in a partition: gapless, from 1. */
export type Sequence = number
/** Hybrid logical time: (ms since 2020-01-01) × 4096 + counter. One per event, rising in every partition. */
export type Stamp = number
/** Opaque place in the total order of all partitions, accepted by every `from`. */
export type Position = string

/** How the bytes of `data` are to be read: JSON text, MessagePack, or as they are. */
export type Encoding = 'json' | 'msgpack' | 'bytes'

/** When the writer is answered: numbered, written, synced, or committed by the cluster. */
export type Durability = 'memory' | 'os' | 'disk' | 'quorum'

/** What the stream must look like for an append to happen; 0 and `none` both mean "no events yet". */
export type ExpectedVersion = Version | 'none' | 'exists' | 'any'

/** An event as a user hands it in. */
export interface NewEvent<Type extends string = string, Data = unknown> {
  readonly type: Type
  /** Any JSON value, or `Uint8Array` for bytes kept as they are. */
  readonly data: Data
  /** 1 to 128 bytes; makes the append idempotent. Made by the node when left out. */
  readonly id?: string
  /** When it happened: ms since the epoch, a `Date`, or ISO 8601; the recorded time when left out. Stored as milliseconds. */
  readonly time?: number | Date | string
  readonly tags?: readonly string[]
  readonly metadata?: Readonly<Record<string, unknown>>
  /** `bytes` for a `Uint8Array`, else `json`, unless said otherwise. `json` with a `Uint8Array` takes it as JSON text. */
  readonly encoding?: Encoding
}

/** An event as it is stored. */
export interface Event<Type extends string = string, Data = unknown> {
  readonly id: string
  readonly type: Type
  readonly data: Data
  readonly encoding: Encoding
  readonly stream: StreamId
  readonly version: Version
  readonly partition: number
  readonly sequence: Sequence
  readonly stamp: Stamp
  readonly position: Position
  /** Milliseconds since the epoch: the time part of `stamp`. */
  readonly recorded: number
  /** When it happened, ms since the epoch. */
  readonly time: number
  readonly tags?: readonly string[]
  readonly metadata?: Readonly<Record<string, unknown>>
  /** Of a stream that was given another partition key than its own. */
  readonly partitionKey?: string
}

/** The answer to an append. Unprefixed numbers are those of the last event. */
export interface AppendResult {
  readonly stream: StreamId
  readonly firstVersion: Version
  readonly version: Version
  readonly partition: number
  readonly firstSequence: Sequence
  readonly sequence: Sequence
  readonly stamp: Stamp
  readonly position: Position
  readonly durability: Durability
}
