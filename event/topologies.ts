/** What is said of topologies that are deployed, and to them. */
import type { ErrorCode } from './error.ts'
import type { Position } from './event.ts'
import type { Savepoints } from './savepoints.ts'

export interface PlainFailure {
  readonly code: ErrorCode
  readonly message: string
}

/** `draining` runs as `running` does, up to a last stamp. */
export type DeploymentStatus = 'running' | 'paused' | 'draining' | 'ended' | 'failed'

/** Deliveries that are not decided yet. */
export interface WaitingDeliveries {
  readonly waiting: number
  /** Whose attempt failed last, if none was taken since, and what it met. */
  readonly step?: string
  readonly lastFailure?: string
}

/** What a step has done since the deployment; the source is one, named by its kind. */
export interface StepStatus {
  readonly id: string
  readonly operator: string
  readonly in: number
  /** Rows sent on, or for a sink those that reached the outside. */
  readonly out: number
  readonly late: number
  readonly suspect: number
  readonly dead: number
  /** How long it has worked since it was started, in all lanes together, without the steps behind it; left out while it does not run. */
  readonly busyMs?: number
}

/** How far a version is that is folded from the first event on. */
export interface Rebuilding {
  /** The revision or version before it. */
  readonly from: number
  /** Of one that is folded beside the one that runs, and takes its place when it has caught up. */
  readonly to?: number
  /** Rows that it has taken, and about how long it takes until it has caught up; the latter once that can be told. */
  readonly rows?: number
  readonly remainingMs?: number
  /** Events of the log looked at, of those there were when it began. */
  readonly done: number
  readonly total: number
}

/** Why a changed module was not taken. */
export interface ModuleFailure extends PlainFailure {
  readonly file?: string
  /** From 1; where it is known. */
  readonly line?: number
}

/** What came of a change of a module that is watched: one of the two. */
export interface ModuleChange {
  readonly topology: string
  readonly update?: DeployedUpdate
  /** It runs as it was. */
  readonly refused?: ModuleFailure
}

/** What a topology holds in the state database: rows of its steps, projections and outbox, with their keys. */
export interface StateSize {
  readonly rows: number
  readonly bytes: number
}

/** Keys of steps that keep their dead letters in order, of which a row was given up; and the letters of these keys, most of which wait. */
export interface HeldKeys {
  readonly keys: number
  readonly letters: number
}

export interface TopologyStatus {
  readonly name: string
  readonly version: number
  /** `draining` ends at the stamp that was the last when it was told to. */
  readonly status: DeploymentStatus
  /** URL of the module or file it was deployed from. */
  readonly module: string
  /** Of the last event taken; null before the first and for generators. */
  readonly position: Position | null
  /** Events of the log not looked at yet; an upper bound when the topology follows only some. */
  readonly lagEvents: number
  /** Rows taken from the source, and rows that reached a sink. */
  readonly rowsIn: number
  readonly rowsOut: number
  readonly late: number
  readonly suspect: number
  readonly dead: number
  /** The source first, then each step in the order of the plan. */
  readonly steps: readonly StepStatus[]
  /** As it was at most a minute and a walk through it ago; left out when nobody can tell. */
  readonly state?: StateSize
  /** Number of the last epoch; 0 before the first. */
  readonly epoch: number
  /** How long it took to be written; left out while nothing runs. */
  readonly lastEpochMs?: number
  /** Event time, ms; left out before the first. */
  readonly watermark?: number
  /** Webhooks that wait for their receivers, with the step whose attempt failed last and what it met; left out when none waits. */
  readonly deliveries?: WaitingDeliveries
  /** Rows that wait behind a dead letter of their key; left out when none does, and while nothing runs. */
  readonly held?: HeldKeys
  readonly error?: PlainFailure
  /** Lanes of its keyed steps; left out for one. */
  readonly workers?: number
  /** Its state was ahead of the log or lost, so it was folded again from the start. */
  readonly rebuilt?: true
  /** Of a projection of a new revision, until it has folded what there was when it took its place. */
  readonly rebuilding?: Rebuilding
  /** Its module is watched: a change of its files is taken when it comes. */
  readonly watched?: true
  /** The module has changed and can not be taken as it is: what runs is what ran before. */
  readonly refused?: ModuleFailure
}

export interface DeployOptions {
  /** Name of the module's export that is the topology. Default `default`; a file has none. */
  readonly export?: string
  /** Ends at what is in the log now. */
  readonly until?: 'head'
  /** Keyed steps run side by side in so many lanes, each in a thread of its own where there are as many; the results are the same. Default 1. */
  readonly workers?: number
  /** Takes changes of the module's files while the node is open; only for a projection in a module of this machine. */
  readonly watch?: boolean
  /**
   * Folds the version from the first event on, beside the one that runs, which serves until then; when it has caught up, it takes its place in one step.
   * What it would append or post for rows that the one before has folded is not sent again.
   */
  readonly rebuild?: boolean
  /** For a new version of a topology: goes on though state is lost or missing that the version before kept. */
  readonly accept?: boolean
}

export interface DeployTextOptions {
  /** Default `yaml`. */
  readonly format?: 'yaml' | 'json'
  /** Ends at what is in the log now. */
  readonly until?: 'head'
  /** See `DeployOptions`. */
  readonly accept?: boolean
  readonly rebuild?: boolean
  /** As in `DeployOptions`. */
  readonly workers?: number
}

/**
 * What became of a projection that was deployed before: `reloaded` has the same revision and other code; `upgraded` has made its rows new; both went on
 * where they were. `rebuilding` folds from the first event on.
 */
export type DeployedUpdate = 'reloaded' | 'upgraded' | 'rebuilding' | 'restored'

export interface Deployed extends Pick<TopologyStatus, 'name' | 'version' | 'status'> {
  readonly update?: DeployedUpdate
}

export interface UndeployOptions {
  /** They can be gone back to when a topology of the name is deployed again. Default false. */
  readonly keepSavepoints?: boolean
}

/** Topologies as people and programs run them. */
export interface Topologies extends Savepoints {
  /**
   * Runs the topology or the projection that a module exports, or the topology that a file (`.yaml`, `.yml`, `.json`) holds. A projection of a name that
   * is deployed takes the place of the one before. INVALID names the file and what is wrong with it, or what stands in the way.
   */
  deploy(module: URL | string, options?: DeployOptions): Promise<Deployed>
  /**
   * Runs the topology that a text holds, as a file of this format would; the node keeps the text. INVALID names what is wrong with it, or the module,
   * table or schema it names: a text has no place that such a file could lie beside.
   */
  deployText(text: string, options?: DeployTextOptions): Promise<Deployed>
  /**
   * Stops a topology after a last epoch; its state is kept, and it stays as it is until it is resumed, over restarts of the node as well. Resolves when it
   * has stopped: its events are appended, and its webhooks are delivered as far as they are taken at the first attempt; the others wait.
   * Does nothing to one that is paused. INVALID when it has ended or failed, NOT_FOUND when there is none.
   */
  pause(name: string): Promise<void>
  /** A paused topology goes on where it was. Does nothing to one that runs. INVALID when it has ended or failed, NOT_FOUND when there is none. */
  resume(name: string): Promise<void>
  /**
   * Lets a topology, running or paused, fold what is in the log now and then end as with `until: 'head'`: windows close, the last of its outbox is sent.
   * Resolves when that is noted; `topologyEnded` waits for the end. Does nothing to one that ends at a head already. INVALID when it has ended or
   * failed or makes its own rows, NOT_FOUND when there is none.
   */
  drain(name: string): Promise<void>
  /**
   * Spreads the keyed steps of a topology over another number of lanes: it stops after a last epoch and goes on from there, with the same results. Does
   * nothing to one that has as many. INVALID when it has ended or failed, NOT_FOUND when there is none.
   */
  rescale(name: string, workers: number): Promise<void>
  /** Gives up the version that is rebuilt beside a topology, which goes on as it is. NOT_FOUND when there is none. */
  cancelRebuild(name: string): Promise<void>
  /** Ends a topology and drops its state and, unless told otherwise, its savepoints. NOT_FOUND when there is none. */
  undeploy(name: string, options?: UndeployOptions): Promise<void>
  /** What is deployed under a name, as a plan: plain JSON, to compare another with. NOT_FOUND when there is none. */
  deployedPlan(name: string): Promise<unknown>
  topologies(): Promise<TopologyStatus[]>
  /**
   * Resolves when each topology that runs has taken all that is in the log, what they append themselves included, and what came of it is durable, appended
   * and delivered. One that makes its own rows is waited for until it ends; paused, ended and failed ones are not. CLOSED when the node closes before.
   */
  caughtUp(): Promise<void>
  /** Resolves when a topology has ended or failed, however long it is paused before. */
  topologyEnded(name: string): Promise<TopologyStatus>
}
