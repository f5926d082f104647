/** Deploys topologies: keeps what is deployed as events in `$topology`, runs each in a thread of pipelines, and answers for their state. */
import { finishOutbox } from '../../actors/finish.ts'
import type { OutboxRequest } from '../../actors/outbox.ts'
import type { OutboxAnswer } from '../../actors/outbox-sender.ts'
import type { PipelineOutcome } from '../../actors/pipeline-options.ts'
import { streamEvents } from '../../actors/reader.ts'
import { type ErrorCode, EventStoreError } from '../../event/error.ts'
import { readTopologyRow, readTopologyRows, type TopologyRow } from '../../store/state.ts'
import type { Plan } from '../../topology/plan.ts'
import type { Deployed, DeployerOptions, DeployOptions } from './deployer-options.ts'
import { Deployments } from './deployments.ts'
import { type ProjectionReader, projectionReader } from './projection-reader.ts'
import { type DeployedData, type Deployment, projectionsOf, TOPOLOGY_STREAM, type TopologyEvent } from './registry.ts'
import { statusOf, type TopologyStatus } from './status.ts'
import { openThreads, type Threads } from './threads.ts'
import { asEventStoreError, TopologyRun } from './topology-run.ts'
import { moduleUrl } from './user-module.ts'

export type { Deployed, DeployerOptions, DeployOptions } from './deployer-options.ts'

/** Failures of the node and not of the topology: it runs again when the node is opened the next time. */
const passingCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['READ_ONLY', 'CLOSED', 'UNREACHABLE', 'DAMAGED'])

export class Deployer {
  readonly #options: DeployerOptions
  readonly #deployments: Deployments
  readonly #runs = new Map<string, TopologyRun>()
  readonly #rebuilt = new Set<string>()
  readonly #threads: Threads
  readonly #background = new Set<Promise<void>>()
  #incarnation = 0
  #turn: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined

  /** Folds `$topology`, drops what leftovers there are, and starts what ran. */
  static async open(options: DeployerOptions): Promise<Deployer> {
    const deployer = new Deployer(options)
    for (const event of streamEvents(options.log, TOPOLOGY_STREAM, {}, true)) deployer.#deployments.fold(event)
    await deployer.#takeUp()
    return deployer
  }

  private constructor(options: DeployerOptions) {
    this.#options = options
    this.#threads = openThreads(options, {
      main: { appendOutbox: this.#appendOutbox, syncShards: options.syncShards ?? (() => Promise.resolve()), rested: this.#rested },
      died: (thread, cause, noted) => {
        for (const run of this.#runs.values()) if (run.runsIn(thread)) run.died(cause, noted)
      },
    })
    this.#deployments = new Deployments(options.append)
  }

  /** Makes the state fit the log: what is not deployed goes, what is ahead of the log is folded again. */
  async #takeUp(): Promise<void> {
    const { state } = this.#options
    if (!this.#options.resume) return this.#standStill()
    for (const [name, row] of readTopologyRows(state)) {
      const isDeployed = this.#deployments.get(name)?.deployment === row.deployment
      if (isDeployed && !this.#isAhead(row)) continue
      if (isDeployed) this.#rebuilt.add(name)
      await this.#threads.writer.drop(name)
    }
    for (const deployment of this.#deployments.all) {
      const { name, status } = deployment
      if (status === 'failed') continue
      const row = readTopologyRow(state, name)
      if (row?.status === 'ended') this.#inBackground(this.#finish(deployment))
      else {
        if (status === 'ended') this.#rebuilt.add(name)
        this.#deployments.set({ ...deployment, status: 'running' })
        this.#inBackground(this.#newRun(deployment, row === undefined).startAlone())
      }
    }
  }

  /** Only what the state says already: a topology may have ended without the log knowing. */
  #standStill(): void {
    for (const deployment of this.#deployments.all) {
      const row = readTopologyRow(this.#options.state, deployment.name)
      if (row?.deployment === deployment.deployment && row.status === 'ended') this.#deployments.set({ ...deployment, status: 'ended' })
    }
  }

  #isAhead(row: TopologyRow): boolean {
    const { log, lost = [] } = this.#options
    return Object.entries(row.sequences).some(([name, sequence]) => {
      const partition = Number(name)
      return (
        sequence > log.sequenceOf(partition) ||
        lost.some(loss => loss.partition === partition && loss.sequences && loss.sequences[0] <= sequence)
      )
    })
  }

  /** What a topology that has ended may have left undone when the process died. */
  async #finish(deployment: Deployment): Promise<void> {
    const { state, limits, log } = this.#options
    const { name } = deployment
    this.#deployments.set({ ...deployment, status: 'ended' })
    await finishOutbox({
      topology: name,
      incarnation: ++this.#incarnation,
      store: state,
      writer: this.#threads.writer,
      appendOutbox: this.#appendOutbox,
      partitions: log.partitions,
      limits,
    })
    if (deployment.status !== 'ended')
      await this.#deployments.note({ type: 'topology.ended', data: { name, deployment: deployment.deployment } })
  }

  /** Work nobody waits for but `close`. What fails here is found and done again at the next open. */
  #inBackground(work: Promise<void>): void {
    const settled: Promise<void> = work.catch(() => undefined).finally(() => this.#background.delete(settled))
    this.#background.add(settled)
  }

  #newRun(deployment: Deployment, isRepeating: boolean): TopologyRun {
    const run = new TopologyRun(deployment, isRepeating, {
      take: topology => this.#threads.take(topology),
      nextIncarnation: () => ++this.#incarnation,
      epochOf: topology => readTopologyRow(this.#options.state, topology)?.epoch ?? 0,
      failed: (failed, error, isLasting) => this.#fail(failed, error, isLasting),
    })
    this.#runs.set(deployment.name, run)
    return run
  }

  /** Deploys and starts the topology that a module exports. INVALID names the file and what is wrong with it, or what stands in the way. */
  deploy(module: URL | string, options: DeployOptions = {}): Promise<Deployed> {
    return this.#inTurn(() => this.#deploy(moduleUrl(module), options))
  }

  async #deploy(module: string, options: DeployOptions): Promise<Deployed> {
    if (options.until !== undefined && options.until !== 'head')
      throw new EventStoreError('INVALID', 'until must be "head" or left out', { field: 'until' })
    const plan = await this.#plan(module, options)
    const { topology: name, version } = plan
    this.#deployments.refuseTaken(name, projectionsOf(plan))
    if (readTopologyRow(this.#options.state, name)) await this.#threads.writer.drop(name)
    const data: DeployedData = {
      name,
      version,
      module,
      ...(options.export !== undefined && { export: options.export }),
      plan,
      ...(plan.until && { until: plan.until, head: this.#options.head() }),
    }
    const deployment = await this.#deployments.note({ type: 'topology.deployed', data })
    const run = this.#newRun(this.#deployments.named(name), false)
    try {
      await run.start()
    } catch (error) {
      this.#runs.delete(name)
      run.left()
      await this.#deployments.note({ type: 'topology.undeployed', data: { name, deployment } })
      await this.#threads.writer.drop(name)
      throw asInvalid(error, module)
    }
    return { name, version, status: this.#deployments.named(name).status }
  }

  async #plan(module: string, options: DeployOptions): Promise<Plan> {
    const thread = this.#threads.take('')
    try {
      return await thread.control.plan(module, { export: options.export, until: options.until })
    } catch (error) {
      throw asInvalid(error, module)
    } finally {
      thread.topologies.delete('')
    }
  }

  /** Ends a topology, if it runs, and drops its state. NOT_FOUND when there is none. */
  undeploy(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const { deployment } = this.#deployments.named(name)
      const run = this.#runs.get(name)
      this.#runs.delete(name)
      await run?.stop(false)
      await this.#deployments.note({ type: 'topology.undeployed', data: { name, deployment } })
      await this.#threads.writer.drop(name)
      this.#rebuilt.delete(name)
      this.#deployments.wake(name)
    })
  }

  async topologies(): Promise<TopologyStatus[]> {
    this.#check()
    return Promise.all(this.#deployments.all.map(({ name }) => this.#status(name)))
  }

  async #status(name: string): Promise<TopologyStatus> {
    const { log, state } = this.#options
    const stats = (await this.#runs.get(name)?.stats()) ?? null
    const row = readTopologyRow(state, name)
    let events = 0
    for (let partition = 0; partition < log.partitions; partition++) events += log.sequenceOf(partition)
    return statusOf({ deployment: this.#deployments.named(name), stats, row, events, isRebuilt: this.#rebuilt.has(name) })
  }

  /** Resolves when the topology has ended or failed. NOT_FOUND when there is none, or no more. */
  async topologyEnded(name: string): Promise<TopologyStatus> {
    this.#check()
    while (this.#deployments.named(name).status === 'running') {
      await this.#deployments.happened(name)
      this.#check()
    }
    return this.#status(name)
  }

  /** The rows of a projection. Whether there is such a projection shows at the first read. */
  state(projection: string): ProjectionReader {
    return projectionReader({
      store: this.#options.state,
      projection,
      owner: () => {
        this.#check()
        const owner = this.#deployments.ownerOf(projection)
        if (!owner) throw new EventStoreError('NOT_FOUND', `no topology writes a projection ${JSON.stringify(projection)}`, { projection })
        return { name: owner.name, run: this.#runs.get(owner.name) }
      },
    })
  }

  /** A pipeline has come to rest by itself. */
  #rested = (topology: string, incarnation: number, outcome: PipelineOutcome): void => {
    const run = this.#runs.get(topology)
    if (run?.incarnation !== incarnation || outcome.status === 'stopped') return
    if (outcome.status === 'failed') {
      this.#fail(run, outcome.error, !passingCodes.has(outcome.error.code))
      return
    }
    this.#runs.delete(topology)
    run.left()
    this.#deployments.set({ ...run.deployment, status: 'ended' })
    this.#noteLater({ type: 'topology.ended', data: { name: topology, deployment: run.deployment.deployment } })
  }

  #fail(run: TopologyRun, { code, message }: EventStoreError, isLasting: boolean): void {
    const { name } = run
    if (this.#closing || this.#runs.get(name) !== run) return
    this.#runs.delete(name)
    run.left()
    const error = { code, message }
    this.#deployments.set({ ...run.deployment, status: 'failed', error })
    if (isLasting) this.#noteLater({ type: 'topology.failed', data: { name, deployment: run.deployment.deployment, error } })
  }

  #noteLater(event: TopologyEvent): void {
    this.#inBackground(this.#deployments.note(event).then(() => undefined))
  }

  #appendOutbox = async ({ stream, events, producer, number }: OutboxRequest): Promise<OutboxAnswer> => {
    const answer = await this.#options.append(stream, events, { producer, producerSequence: number })
    return answer.duplicate ? 'duplicate' : 'stored'
  }

  /** Deployments and undeployments one after the other. */
  #inTurn<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    const turn = this.#turn.then(() => {
      this.#check()
      return work()
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  #check(): void {
    if (this.#closing) throw new EventStoreError('CLOSED', 'the node is closed')
  }

  /** Ends all pipelines after a last epoch, then their threads. The log must still take appends; the databases are closed after this. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#deployments.wakeAll()
    await this.#turn
    await Promise.all(Array.from(this.#runs.values(), run => run.stop(true)))
    await Promise.all(this.#background)
    await this.#threads.close()
  }
}

function asInvalid(error: unknown, module: string): EventStoreError {
  const known = asEventStoreError(error)
  if (known.code === 'INVALID') return known
  return new EventStoreError(
    'INVALID',
    `${module} can not be deployed: ${known.message}`,
    { file: module, code: known.code },
    { cause: error },
  )
}
