/** The running graph of a plan: built once, then pages and control are pushed through it synchronously. */
import type { DeadRow, OutboxWriter, ProjectionWriter, StepState } from '../operators/operator.ts'
import type { Flow } from '../operators/flow.ts'
import type { Plan } from '../topology/plan.ts'

/** The outside of a fragment: its state, its outputs and its module. */
export interface FragmentContext {
  /** URL of the topology's module; tables are read from paths beside it. */
  readonly module: string
  state(step: string, schemaVersion: number): StepState
  projection(name: string, step: string): ProjectionWriter
  outbox(step: string): OutboxWriter
  dead(row: DeadRow): void
  /** The value named by `module#export`, the module resolved against the topology's. */
  resolve(reference: string): Promise<unknown>
  /** Noted before each call of a user's function, so that one that never returns can be blamed. */
  beforeCall?(step: string, order: number): void
}

/** Rows that entered a step, left by `main` (or reached the outside, for sinks), and by the other ports. */
export interface StepCounters { in: number; out: number; late: number; suspect: number; dead: number }

export interface Fragment {
  /** Synchronous: when it returns, the flow has left the graph and all calls to the context were made. Throws what broke the graph. */
  push(flow: Flow): void
  readonly counters: ReadonlyMap<string, StepCounters>
  close(): void
}

/** Builds the graph; loads tables, functions and the saved state of every step. */
export async function createFragment(plan: Plan, context: FragmentContext): Promise<Fragment> {
  await Promise.resolve()
  throw new Error(`createFragment of ${plan.topology} is being written (${context.module})`)
}
