/** The one writer of the `state` database: each epoch is written whole and synced; epochs that wait together share one write. */
import { EventStoreError } from '../event/error.ts'
import { applyEpoch } from '../store/epoch-bytes.ts'
import { inTurns } from '../event/in-turns.ts'
import type { StateSize } from '../event/topologies.ts'
import { dropTopology, type StateStore } from '../store/state.ts'
import { measureTopology } from '../store/state-size.ts'

/** An epoch of one topology; `incarnation` tells a pipeline from the one it took over from. */
export interface EpochWrite {
  readonly topology: string
  readonly incarnation: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Where epochs go, on whichever thread the writer is. */
export interface EpochWriter {
  /** Resolves when the epoch is durable. Rejects with READ_ONLY when the disk refuses, with CLOSED when the pipeline was taken over from. */
  write(epoch: EpochWrite): Promise<void>
  /** From now on only this incarnation of the topology may write; what the others had waiting is written or refused when it resolves. */
  begin(topology: string, incarnation: number): Promise<void>
  /** Removes all that the topology left. */
  drop(topology: string): Promise<void>
}

/** The one that owns the database, for who deploys. */
export interface StateOwner extends EpochWriter {
  /** Reads all that the topology holds, a bit at a time. */
  measure(topology: string): Promise<StateSize>
}

interface Waiting {
  readonly bytes: Uint8Array
  resolve(): void
  reject(error: unknown): void
}

export class StateWriter implements StateOwner {
  readonly #store: StateStore
  readonly #incarnations = new Map<string, number>()
  #waiting: Waiting[] = []
  /** A write that failed is never tried again: nobody can know what the disk has kept. */
  #failure: EventStoreError | undefined

  constructor(store: StateStore) {
    this.#store = store
  }

  write({ topology, incarnation, bytes }: EpochWrite): Promise<void> {
    if (this.#incarnations.get(topology) !== incarnation) {
      return Promise.reject(new EventStoreError('CLOSED', `another pipeline has taken over ${topology}`, { topology }))
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes, resolve, reject })
      if (this.#waiting.length === 1) setImmediate(() => this.#flush())
    })
  }

  begin(topology: string, incarnation: number): Promise<void> {
    this.#flush()
    this.#incarnations.set(topology, incarnation)
    return Promise.resolve()
  }

  drop(topology: string): Promise<void> {
    this.#flush()
    this.#incarnations.delete(topology)
    if (this.#failure) return Promise.reject(this.#failure)
    dropTopology(this.#store, topology)
    return Promise.resolve()
  }

  measure(topology: string): Promise<StateSize> {
    return inTurns(measureTopology(this.#store, topology))
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    if (waiting.length === 0) return
    try {
      if (this.#failure) throw this.#failure
      const batch = this.#store.batch()
      for (const { bytes } of waiting) applyEpoch(bytes, batch)
      this.#store.write(batch, { sync: true })
      batch.clear()
    } catch (error) {
      this.#failure ??=
        error instanceof EventStoreError
          ? error
          : new EventStoreError('READ_ONLY', `state could not be written: ${String(error)}`, {}, { cause: error })
      for (const { reject } of waiting) reject(this.#failure)
      return
    }
    for (const { resolve } of waiting) resolve()
  }
}
