/**
 * The boundary of a shard's worker: requests through a ring of shared memory, larger ones as transferred buffers behind a mark in the ring,
 * answers through a second ring. One sender, one receiver; here the layout that both agree on, and what others see of either.
 */
import { ANSWER_VERSIONS, type Outcome } from '../event/outcome.ts'
import type { RequestHead, RequestWriter, SealedRequest } from '../event/request.ts'
import { type RequestView } from '../event/request-view.ts'

/** Requests up to this size are copied through the ring. */
export const RING_REQUEST_BYTES = 16 * 1024
export const ANSWER_BYTES = 4 * (1 + ANSWER_VERSIONS)
/** Instead of a request's number: the slot holds versions of the streams of the answer that comes behind it. */
export const VERSIONS = 0xffffffff
const CONTROL_BYTES = 256
/** Marks in the first word of a frame. */
export const WRAP = 0xffffffff
export const TRANSFERRED = 0xfffffffe

/** Words of the control block; those the two sides write lie on lines of their own. */
export const at = {
  sent: 0,
  taken: 16,
  wake: 17,
  sleeping: 18,
  answered: 32,
  published: 33,
  heartbeat: 34,
  mainSleeping: 48,
  read: 49,
  stop: 50,
} as const

export interface PortOptions {
  /** A power of two. */
  readonly ringBytes: number
  /** Requests that may be unanswered; a power of two. */
  readonly requests: number
}

/** Plain data that may be posted to the worker. */
export interface PortData extends PortOptions {
  readonly control: SharedArrayBuffer
  readonly ring: SharedArrayBuffer
  readonly answers: SharedArrayBuffer
}

export function createPort(options: PortOptions): PortData {
  return {
    ...options,
    control: new SharedArrayBuffer(CONTROL_BYTES),
    ring: new SharedArrayBuffer(options.ringBytes),
    answers: new SharedArrayBuffer(options.requests * ANSWER_BYTES),
  }
}

/** Where a router sends requests to: a worker's ring, or an actor in the same thread. */
export interface ShardPort {
  /** Bytes a request may have now whose answer takes so many slots; 0 when nothing fits. */
  room(answers?: number): number
  /** True when requests of these sizes may be sent one after the other now; always in the end, once all before them are answered. */
  hasRoomFor(sizes: readonly number[]): boolean
  send(writer: RequestWriter, sealed: SealedRequest, head: RequestHead): void
  /** Calls `answered` for each answer that has come. */
  drain(answered: (request: number, outcome: Outcome) => void): void
  /** Requests whose effects readers can see; a 32-bit count that wraps. */
  readonly published: number
  /** Resolves when answers have come or requests were published; at the latest after `timeoutMs`. */
  changed(timeoutMs: number): Promise<void>
  /** No more requests will come. */
  stop(): void
}

/** Where a shard's actor takes requests from and puts answers to. */
export interface RequestSource {
  /** Reads the next request into `view` without taking it; false when none waits. */
  peek(view: RequestView): boolean
  /** Takes the request that was read: its bytes may be overwritten. */
  take(): void
  /** Bytes that wait, about. */
  readonly waiting: number
  readonly stopped: boolean
}

export interface AnswerSink {
  answer(request: number, outcome: Outcome): void
  /** Lets the sender see all answers, and how many requests readers can see. */
  flush(published: number): void
}
