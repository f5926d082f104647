/** Savepoints of topologies: all that one holds as an epoch left it, kept until somebody goes back to it. */
import type { Position } from './event.ts'
import type { Deployed } from './topologies.ts'

export interface Savepoint {
  readonly topology: string
  /** Tells it from the others of the topology: when it was made, in UTC. */
  readonly id: string
  readonly label?: string
  /** When it was made, ms since the epoch. */
  readonly time: number
  /** Of the topology then. */
  readonly version: number
  /** Number of the last epoch in it; 0 for one that was made before the first. */
  readonly epoch: number
  /** Of the last event folded into it; null before the first and for generators. */
  readonly position: Position | null
  /** Rows of steps, projections and outbox, with the bytes of their keys and values. */
  readonly rows: number
  readonly bytes: number
}

export interface SavepointOptions {
  /** For people: 1 to 200 characters. */
  readonly label?: string
}

export interface RestoreOptions {
  /**
   * Goes on though state of it is of no use to the version that runs now, or though events that were appended since will be appended once more, because
   * what made them is not what runs now.
   */
  readonly accept?: boolean
}

export interface Savepoints {
  /**
   * Copies what a topology holds as of its last epoch: state, position, rows of projections, events and deliveries that wait to be sent. The topology
   * goes on folding meanwhile; its epochs wait. TOO_LARGE above the limit `savepoints`, READ_ONLY when the disk has no room for it, NOT_FOUND when there
   * is no such topology.
   */
  savepoint(topology: string, options?: SavepointOptions): Promise<Savepoint>
  /** Of one topology, also of one that is not deployed any more, or of all: oldest first. */
  savepoints(topology?: string): Promise<Savepoint[]>
  /**
   * A topology goes back: its state, position and projections become those of the savepoint, at once for readers, and it folds from there. Events that it
   * has appended since are sent again under the numbers they had and recognised. INVALID names what would be lost, or appended twice, unless that is
   * accepted; also INVALID while a version is rebuilt beside it. NOT_FOUND when there is no such topology or savepoint.
   */
  restoreSavepoint(topology: string, id: string, options?: RestoreOptions): Promise<Deployed>
  /** NOT_FOUND when there is no such savepoint. */
  dropSavepoint(topology: string, id: string): Promise<void>
}
