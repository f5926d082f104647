/** Savepoints of the topologies of a tenant: made and dropped while they run, and gone back to between two runs. */
import { systemClock } from '../../event/clock.ts'
import { EventStoreError } from '../../event/error.ts'
import type { RestoreOptions, Savepoint, SavepointOptions } from '../../event/savepoints.ts'
import { scopeOf } from '../../event/scope.ts'
import type { Deployed } from '../../event/topologies.ts'
import { readSavepoints, type SavepointRow, topologiesWithSavepoints } from '../../store/savepoint.ts'
import { readStoredName } from '../../store/slot.ts'
import { readTopologyRow, type TopologyRow } from '../../store/state.ts'
import { diffPlans, type TopologyDiff } from '../../topology/diff.ts'
import type { Plan } from '../../topology/plan.ts'
import { emptyLayout, nextLayout, type StateLayout } from '../../topology/state-layout.ts'
import type { DeployerOptions } from './deployer-options.ts'
import type { Deployments } from './deployments.ts'
import { textOfPlace } from './hot-memory.ts'
import { prepareState } from './prepare-state.ts'
import { digestOf } from './module-graph.ts'
import { refuseLoss, refuseRebuilding } from './refusals.ts'
import { type Deployment, storedTopology } from './registry.ts'
import type { TopologyRuns } from './topology-runs.ts'
import type { Updates } from './updates.ts'
import { filesOfPlan } from './user-module.ts'

/** A savepoint takes about so much more of a disk than its rows have bytes. */
const DISK_SHARE = 2
const LABEL_LENGTH_MAX = 200

/** What is to be known of a savepoint besides its rows. */
interface SavepointDetail {
  readonly label?: string
  readonly time: number
  readonly version: number
  readonly deployment: number
  readonly planned: number
  /** Of the files of the topology's functions. */
  readonly code: string
  readonly plan: Plan
  readonly layout?: StateLayout
}

export interface SavepointsParts {
  readonly options: DeployerOptions
  readonly deployments: Deployments
  readonly runs: TopologyRuns
  readonly updates: Updates
  /** Throws CLOSED. */
  check(): void
  /** Whatever changes what is deployed, one after the other. */
  inTurn<Answer>(work: () => Promise<Answer>): Promise<Answer>
}

export class Savepoints {
  readonly #parts: SavepointsParts
  readonly #options: DeployerOptions
  readonly #deployments: Deployments
  readonly #runs: TopologyRuns
  readonly #updates: Updates

  constructor(parts: SavepointsParts) {
    this.#parts = parts
    this.#options = parts.options
    this.#deployments = parts.deployments
    this.#runs = parts.runs
    this.#updates = parts.updates
  }

  /** See `Savepoints` of event/savepoints.ts. */
  create(name: string, options?: SavepointOptions): Promise<Savepoint> {
    return this.#parts.inTurn(() => this.#create(name, options))
  }

  restore(name: string, id: string, options?: RestoreOptions): Promise<Deployed> {
    return this.#parts.inTurn(() => this.#restore(name, id, options))
  }

  drop(name: string, id: string): Promise<void> {
    return this.#parts.inTurn(() => this.#drop(name, id))
  }

  list(topology?: string): Savepoint[] {
    this.#parts.check()
    const { state, scope } = this.#options
    const stored =
      topology === undefined ? [...topologiesWithSavepoints(state)].filter(name => scopeOf(name) === scope) : [scope + topology]
    return stored.flatMap(name => this.#rowsOf(name).map(row => shown(readStoredName(name).name, row)))
  }

  #rowsOf(stored: string): SavepointRow<SavepointDetail>[] {
    return readSavepoints<SavepointDetail>(this.#options.state, stored).sort((a, b) => a.detail.time - b.detail.time)
  }

  async #create(name: string, { label }: SavepointOptions = {}): Promise<Savepoint> {
    const { scope, clock = systemClock } = this.#options
    const deployment = this.#deployments.named(name)
    if (label !== undefined && !(typeof label === 'string' && label.length >= 1 && label.length <= LABEL_LENGTH_MAX))
      throw new EventStoreError('INVALID', `label must be a text of 1 to ${LABEL_LENGTH_MAX} characters`, { field: 'label' })
    const others = this.#rowsOf(scope + name)
    this.#refuseMany(name, others.length)
    const stored = storedTopology(scope, deployment)
    await this.#refuseFull(name, stored)
    const time = clock.now()
    const { version, deployment: number, planned, plan, layout } = deployment
    const detail: SavepointDetail = {
      ...(label !== undefined && { label }),
      time,
      version,
      deployment: number,
      planned,
      code: codeOf(deployment),
      plan,
      ...(layout && { layout }),
    }
    const ids = new Set(others.map(({ id }) => id))
    const made = await this.#runs.threads.writer.savepoint({ stored, id: idAt(time, ids), detail })
    return shown(name, made as SavepointRow<SavepointDetail>)
  }

  #refuseMany(name: string, count: number): void {
    const { savepoints: limit } = this.#options.limits
    if (count < limit) return
    const message = `topology ${name} has ${count} savepoints, and ${limit} are the most; drop one first`
    throw new EventStoreError('TOO_LARGE', message, { limit: 'savepoints', topology: name, most: limit, actual: count })
  }

  /** A disk that is full in the middle would stop every write of the node. */
  async #refuseFull(name: string, stored: string): Promise<void> {
    const free = this.#options.freeBytes?.() ?? Number.POSITIVE_INFINITY
    if (free === Number.POSITIVE_INFINITY) return
    const { bytes } = await this.#runs.threads.writer.measure(stored)
    if (bytes * DISK_SHARE <= free) return
    const message = `a savepoint of ${name} takes about ${bytes * DISK_SHARE} bytes, and the disk has ${free} free`
    throw new EventStoreError('READ_ONLY', message, { topology: name, bytes, free })
  }

  async #drop(name: string, id: string): Promise<void> {
    this.#named(name, id)
    await this.#runs.threads.writer.dropSavepoint(this.#options.scope + name, id)
  }

  /** In the turn of whoever undeploys it. */
  async dropAll(name: string): Promise<void> {
    for (const { id } of this.#rowsOf(this.#options.scope + name)) await this.#drop(name, id)
  }

  #named(name: string, id: string): SavepointRow<SavepointDetail> {
    const found = this.#rowsOf(this.#options.scope + name).find(one => one.id === id)
    if (found) return found
    const message = `topology ${name} has no savepoint ${JSON.stringify(id)}`
    throw new EventStoreError('NOT_FOUND', message, { topology: name, savepoint: id })
  }

  async #restore(name: string, id: string, { accept = false }: RestoreOptions = {}): Promise<Deployed> {
    const current = this.#deployments.named(name)
    refuseRebuilding(current, 'taken back to a savepoint')
    const savepoint = this.#named(name, id)
    const { detail } = savepoint
    const isSame = detail.deployment === current.deployment && detail.planned === current.planned && detail.code === codeOf(current)
    const diff = diffPlans(detail.plan, current.plan, detail.layout?.states)
    if (!accept) {
      refuseLoss(diff, `savepoint ${id} of topology ${name} has state that version ${current.version} can not go on with`)
      if (!isSame) refuseTwice(current, id)
    }
    await this.#runs.forget(
      name,
      new EventStoreError('BUSY', `topology ${name} goes back to a savepoint; subscribe to it anew`, { topology: name }),
    )
    try {
      await this.#exchange(current, savepoint, { diff, isSame })
    } catch (error) {
      await this.#updates.startAgain(name)
      throw error
    }
    const { version, status } = this.#deployments.named(name)
    return { name, version, status, update: 'restored' }
  }

  /** Everything is copied to a slot of its own, made new there if need be, and shown by one event. */
  async #exchange(
    current: Deployment,
    { id, row, detail }: SavepointRow<SavepointDetail>,
    { diff, isSame }: { readonly diff: TopologyDiff; readonly isSame: boolean },
  ): Promise<void> {
    const { scope, state } = this.#options
    const { name, deployment } = current
    const { writer } = this.#runs.threads
    const slot = (current.slot ?? 0) + 1
    const before = storedTopology(scope, current)
    const stored = storedTopology(scope, { name, slot })
    const lanes = readTopologyRow(state, before)?.lanes ?? {}
    await writer.drop(stored)
    await writer.readBack({ stored, id, row: row && rowFor(row, { deployment, isSame, lanes }) })
    const { layout, migrations } = nextLayout({ plan: detail.plan, layout: detail.layout ?? emptyLayout }, current.plan, diff)
    const incarnation = this.#options.nextIncarnation()
    await prepareState(this.#runs, { scope, next: { ...current, slot }, layout, migrations, incarnation })
    await this.#deployments.note({
      type: 'topology.restored',
      data: { name, deployment, slot, layout, savepoint: id, ...(!isSame && { resends: true }) },
    })
    await this.#updates.begin(name)
    await writer.drop(before)
  }
}

/** What its epochs go on from. */
function rowFor(
  row: TopologyRow,
  { deployment, isSame, lanes }: { readonly deployment: number; readonly isSame: boolean; readonly lanes: TopologyRow['lanes'] },
): TopologyRow {
  // The same events come again under the same numbers; others may not, and are numbered behind what was sent.
  return isSame ? { ...row, deployment, isRepeating: true } : { ...row, deployment, lanes }
}

/** INVALID when events that stand in the log would be appended again, as other events. */
function refuseTwice({ name, plan }: Deployment, id: string): void {
  const senders = plan.steps.filter(({ operator }) => operator === 'append' || operator === 'webhook').map(step => step.id)
  if (senders.length === 0) return
  const message =
    `topology ${name} is not what it was when savepoint ${id} was made, so what ${senders.join(', ')} sent since is sent again ` +
    'as it is made now; accept that to go back'
  throw new EventStoreError('INVALID', message, { field: 'accept', topology: name, savepoint: id, steps: senders })
}

/** Tells the code of a topology from what it is after a change. */
export function codeOf({ module, plan }: Pick<Deployment, 'module' | 'plan'>): string {
  return digestOf(filesOfPlan(module, plan))
}

/** `20261126T013745`, with a number behind it when that is taken. */
function idAt(time: number, taken: ReadonlySet<string>): string {
  const first = new Date(time).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
  for (let id = first, again = 2; ; id = `${first}-${again++}`) if (!taken.has(id)) return id
}

function shown(topology: string, { id, row, rows, bytes, detail }: SavepointRow<SavepointDetail>): Savepoint {
  const { label, time, version } = detail
  const position = textOfPlace(row?.place ?? null)
  return { topology, id, ...(label !== undefined && { label }), time, version, epoch: row?.epoch ?? 0, position, rows, bytes }
}
