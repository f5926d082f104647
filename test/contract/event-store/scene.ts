/** What a sentence of the event store's contract works with. */
import assert from 'node:assert/strict'
import { type ErrorCode, EventStoreError } from '../../../event/error.ts'
import type { AppendResult, Event, NewEvent } from '../../../event/event.ts'
import type { AppendOptions, EventStore } from '../../../event/event-store.ts'
import type { Limits } from '../../../event/limits.ts'

export type OpenStore = EventStore & { close(): Promise<void> }

export interface StoreMaker {
  readonly name: string
  /** Opens the store of an empty directory, or of the one it was closed in. */
  open(options: { directory: string; limits?: Partial<Limits> }): Promise<OpenStore>
  /** Leaves out the sentences that need a store of their own, where opening is dear and another shape of the store has shown them. */
  readonly few?: true
  /** Of a tenant that is not the default one. Others write to the same partitions: what they wrote is not to be seen, but has sequences. */
  readonly scope?: string
  /** Sentences that this store can not keep, with the reason for each; any other name is a mistake. */
  readonly leftOut?: Readonly<Record<string, string>>
  /** What was stored is there again after closing and opening. */
  readonly keeps: boolean
  /** Appends to a stream that begins with `$`, where the maker can. */
  appendSystem?(store: OpenStore, stream: string, events: readonly NewEvent[]): Promise<unknown>
}

export interface Scene {
  readonly maker: StoreMaker
  readonly store: OpenStore
  /** A stream that nobody has used. */
  readonly stream: () => string
  readonly fresh: (options?: { limits?: Partial<Limits> }) => Promise<{ store: OpenStore; reopen: () => Promise<OpenStore> }>
}

export type Sentences = Readonly<Record<string, (scene: Scene) => Promise<void>>>

/** `count` events whose data tells them apart. */
export const some = (count: number, type = 'happened'): NewEvent[] => Array.from({ length: count }, (_, n) => ({ type, data: { n } }))

/** An append that must be stored. */
export async function append(
  store: EventStore,
  stream: string,
  events: NewEvent | readonly NewEvent[],
  options?: AppendOptions,
): Promise<AppendResult> {
  const answer = await store.appendToStream(stream, events, options)
  if (answer.duplicate) throw new Error('the append was taken for a duplicate')
  return answer
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = []
  for await (const item of items) out.push(item)
  return out
}

/** The first `count` items, then stops asking. */
export async function first<T>(items: AsyncIterable<T>, count: number): Promise<T[]> {
  const out: T[] = []
  if (count === 0) return out
  for await (const item of items) if (out.push(item) === count) break
  return out
}

/** Runs what must be refused with this code, at the call or later, and gives the error back. */
export async function refused(work: () => unknown, code: ErrorCode): Promise<EventStoreError> {
  let answer: unknown
  try {
    answer = await work()
  } catch (error) {
    if (!(error instanceof EventStoreError)) throw error
    assert.equal(error.code, code, error.message)
    return error
  }
  throw new assert.AssertionError({ message: `expected ${code}, got ${JSON.stringify(answer)}` })
}

export const versions = (events: readonly Event[]): number[] => events.map(event => event.version)
export const positions = (events: readonly Event[]): string[] => events.map(event => event.position)
/** Numbers `from` to `to`, both inclusive. */
export const range = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)

/** Lets `ms` of wall time go by, so that recorded times differ. */
export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
