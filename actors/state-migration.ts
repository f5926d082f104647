/**
 * Before a version of a topology takes the place of another: state is made new of the old, beside it, and every step is built once with the state it
 * will have. What goes wrong here has changed nothing of what the version before goes on with.
 */
import { assert } from '../event/assert.ts'
import { EventStoreError } from '../event/error.ts'
import { DEFAULT_SCOPE } from '../event/scope.ts'
import { operators } from '../operators/index.ts'
import type { AnyOperator, Operator, StateRow, StateUpgrade } from '../operators/operator.ts'
import { EpochBytes } from '../store/epoch-bytes.ts'
import { openMemory } from '../store/memory.ts'
import { slotScope } from '../store/slot.ts'
import { readTopologyRow, scanPrefix, type StateColumn, stepPrefix } from '../store/state.ts'
import type { StateMigration } from '../topology/state-layout.ts'
import { EpochGatherer } from './epoch.ts'
import { readersOf } from './lookups.ts'
import type { PipelineOptions } from './pipeline-options.ts'

export type MigrationOptions = Pick<
  PipelineOptions,
  | 'scope'
  | 'slot'
  | 'plan'
  | 'generations'
  | 'deployment'
  | 'incarnation'
  | 'module'
  | 'store'
  | 'writer'
  | 'createFragment'
  | 'resolve'
  | 'heartbeat'
  | 'partitions'
  | 'limits'
  | 'lookups'
> & {
  readonly migrations: readonly StateMigration[]
  /** Projections that begin without a row, by local names. */
  readonly cleared: readonly string[]
}

/** Rows of state are written in stretches of so many bytes. */
const STRETCH_BYTES = 4 * 1024 * 1024

/** Rejects with INVALID, naming the step, when new state can not be made; with whatever a step says that can not go on with its state. */
export async function prepareVersion(options: MigrationOptions): Promise<void> {
  const { scope = DEFAULT_SCOPE, slot, plan, writer, incarnation } = options
  const stored = slotScope(scope, slot) + plan.topology
  await writer.begin(stored, incarnation)
  for (const migration of options.migrations) await migrate(stored, migration, options)
  await buildOnce(stored, options)
}

async function migrate(stored: string, migration: StateMigration, options: MigrationOptions): Promise<void> {
  const { step, from, to } = migration
  const { store, writer, incarnation, heartbeat } = options
  const target = stepPrefix(stored, step, to.stateVersion, to.generation)
  const bytes = new EpochBytes()
  const write = async (): Promise<void> => writer.write({ topology: stored, incarnation, bytes: bytes.take() })
  // Of an attempt that was cut short.
  for (const [key] of scanPrefix(store, 'state', target)) bytes.delete('state', target, key)
  const saved = scanPrefix(store, 'state', stepPrefix(stored, step, from.stateVersion, from.generation))
  const upgrade = await upgradeOf(migration, options)
  const rows = upgrade(saved)[Symbol.iterator]()
  for (let next = nextRow(rows, step); next !== undefined; next = nextRow(rows, step)) {
    heartbeat.beat()
    bytes.put('state', target, ...next)
    if (bytes.length >= STRETCH_BYTES) await write()
  }
  await write()
}

function nextRow(rows: Iterator<StateRow>, step: string): StateRow | undefined {
  try {
    const next = rows.next()
    return next.done === true ? undefined : next.value
  } catch (cause) {
    const details = cause instanceof EventStoreError ? cause.details : {}
    const message = `new state of step ${step} can not be made: ${cause instanceof Error ? cause.message : String(cause)}`
    throw new EventStoreError('INVALID', message, { ...details, step }, { cause })
  }
}

async function upgradeOf({ step: id, by, from, to }: StateMigration, options: MigrationOptions): Promise<StateUpgrade> {
  const step = options.plan.steps.find(one => one.id === id)
  const operator = operators[step?.operator ?? ''] as AnyOperator | undefined
  assert(step !== undefined && operator !== undefined, `step ${id} is one of the plan`)
  const shapes = Array.from({ length: to.stateVersion - from.stateVersion }, (_, i) => operator.upgrades?.[from.stateVersion + i])
  const toShape: StateUpgrade = rows => shapes.reduce((made, upgrade) => (upgrade ? upgrade(made) : made), rows)
  if (by === 'operator') return toShape
  const { upgradeState } = operator as Operator<unknown>
  if (upgradeState === undefined)
    throw new EventStoreError('INVALID', `operator ${step.operator} of step ${id} can make no new state of the old`, { step: id })
  const upgrade = await upgradeState(step.options, {
    step: id,
    resolve: options.resolve,
    schemaVersion: from.schemaVersion,
    beat: () => options.heartbeat.beat(),
  })
  return rows => upgrade(toShape(rows))
}

/** As it will be built to run; nothing that it does is written. */
async function buildOnce(stored: string, options: MigrationOptions): Promise<void> {
  const { store, plan, createFragment, cleared, scope = DEFAULT_SCOPE, heartbeat } = options
  const row = readTopologyRow(store, stored)
  const shared = { ...options, topology: plan.topology, isRepeating: false, beat: () => heartbeat.beat(), originOf: () => undefined }
  const gatherer = new EpochGatherer({ ...shared, row })
  const nothing = new EpochGatherer({
    ...shared,
    row: undefined,
    store: openMemory<StateColumn>({ columns: { state: 'scattered', meta: 'small' } }),
  })
  const fragment = await createFragment(plan, {
    module: options.module,
    state: (step, version) => gatherer.state(step, version),
    projection: name => (cleared.includes(name) ? nothing : gatherer).projection(name),
    lookup: await readersOf(store, scope, options.lookups),
    outbox: step => gatherer.outbox(step),
    dead: () => undefined,
    resolve: options.resolve,
  })
  fragment.close()
}
