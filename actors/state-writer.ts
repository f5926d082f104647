/** The one writer of the `state` database: each epoch is written whole and synced; epochs that wait together share one write. */
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import { applyEpoch } from '../store/epoch-bytes.ts'
import { failPoint } from '../event/fail-points.ts'
import { inTurns } from '../event/in-turns.ts'
import type { StateSize } from '../event/topologies.ts'
import { dropSavepoint, readBack, type SavepointRow, writeSavepoint } from '../store/savepoint.ts'
import { moveOutbox } from '../store/slot.ts'
import { type SettleVersion, settleVersion } from '../store/settle-version.ts'
import { dropTopology, type StateStore, type TopologyRow } from '../store/state.ts'
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
  /** Copies what the topology holds as of its last epoch, a bit at a time; its epochs wait meanwhile. */
  savepoint(savepoint: { readonly stored: string; readonly id: string; readonly detail: unknown }): Promise<SavepointRow>
  /** Copies the rows of a savepoint to a stored name in a slot that nobody uses. */
  readBack(savepoint: { readonly stored: string; readonly id: string; readonly row: TopologyRow | null }): Promise<void>
  dropSavepoint(topology: string, id: string): Promise<void>
  /** Before a new version of a topology begins. */
  settleVersion(version: SettleVersion): Promise<void>
  /** What waits in the outbox of one stored name waits in that of another from now on. Neither runs. */
  moveOutbox(from: string, to: string): Promise<void>
}

interface Waiting {
  readonly topology: string
  readonly incarnation: number
  readonly bytes: Uint8Array
  resolve(): void
  reject(error: unknown): void
}

export class StateWriter implements StateOwner {
  readonly #store: StateStore
  readonly #incarnations = new Map<string, number>()
  /** Topologies that are being copied, and how often. */
  readonly #held = new Map<string, number>()
  #waiting: Waiting[] = []
  #isDue = false
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
      this.#waiting.push({ topology, incarnation, bytes, resolve, reject })
      this.#flushSoon()
    })
  }

  #flushSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    setImmediate(() => {
      this.#isDue = false
      this.#flush()
    })
  }

  begin(topology: string, incarnation: number): Promise<void> {
    this.#flush()
    this.#incarnations.set(topology, incarnation)
    this.#refuseHeld(topology)
    return Promise.resolve()
  }

  /** Epochs that wait for a copy are not written by whoever was taken over from. */
  #refuseHeld(topology: string): void {
    const refused = this.#waiting.filter(one => one.topology === topology && this.#incarnations.get(topology) !== one.incarnation)
    this.#waiting = this.#waiting.filter(one => !refused.includes(one))
    for (const { reject } of refused) reject(new EventStoreError('CLOSED', `another pipeline has taken over ${topology}`, { topology }))
  }

  drop(topology: string): Promise<void> {
    this.#flush()
    this.#incarnations.delete(topology)
    this.#refuseHeld(topology)
    if (this.#failure) return Promise.reject(this.#failure)
    dropTopology(this.#store, topology)
    return Promise.resolve()
  }

  measure(topology: string): Promise<StateSize> {
    return inTurns(measureTopology(this.#store, topology))
  }

  async savepoint(savepoint: { readonly stored: string; readonly id: string; readonly detail: unknown }): Promise<SavepointRow> {
    const { stored } = savepoint
    this.#flush()
    this.#held.set(stored, (this.#held.get(stored) ?? 0) + 1)
    try {
      return await this.#walk(writeSavepoint(this.#store, savepoint))
    } finally {
      const left = (this.#held.get(stored) ?? 1) - 1
      if (left > 0) this.#held.set(stored, left)
      else this.#held.delete(stored)
      this.#flushSoon()
    }
  }

  readBack(savepoint: { readonly stored: string; readonly id: string; readonly row: TopologyRow | null }): Promise<void> {
    return this.#walk(readBack(this.#store, savepoint))
  }

  async dropSavepoint(topology: string, id: string): Promise<void> {
    await this.#once(() => dropSavepoint(this.#store, topology, id))
  }

  async settleVersion(version: SettleVersion): Promise<void> {
    this.#flush()
    await this.#once(() => settleVersion(this.#store, version))
  }

  async moveOutbox(from: string, to: string): Promise<void> {
    this.#flush()
    await this.#once(() => moveOutbox(this.#store, from, to))
  }

  /** Nothing is written any more once a write has failed. */
  #walk<Answer>(walk: Generator<void, Answer>): Promise<Answer> {
    return this.#once(() => inTurns(walk, () => this.#check()))
  }

  async #once<Answer>(work: () => Answer | Promise<Answer>): Promise<Answer> {
    this.#check()
    try {
      return await work()
    } catch (error) {
      if (isEventStoreError(error, 'READ_ONLY')) this.#failure ??= error
      throw error
    }
  }

  #check(): void {
    if (this.#failure) throw this.#failure
  }

  #fail(error: unknown): EventStoreError {
    const message = `state could not be written: ${String(error)}`
    this.#failure ??= error instanceof EventStoreError ? error : new EventStoreError('READ_ONLY', message, {}, { cause: error })
    return this.#failure
  }

  #flush(): void {
    const waiting = this.#waiting.filter(({ topology }) => !this.#held.has(topology))
    if (waiting.length > 0) this.#waiting = this.#waiting.filter(({ topology }) => this.#held.has(topology))
    if (waiting.length === 0) return
    try {
      this.#check()
      const batch = this.#store.batch()
      failPoint('epoch.writing')
      for (const { bytes } of waiting) applyEpoch(bytes, batch)
      this.#store.write(batch, { sync: true })
      failPoint('epoch.written')
      batch.clear()
    } catch (error) {
      const failure = this.#fail(error)
      for (const { reject } of waiting) reject(failure)
      return
    }
    for (const { resolve } of waiting) resolve()
  }
}
