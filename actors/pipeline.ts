/**
 * The pipeline actor: pulls a page, pushes it through the fragment, and at an epoch's end pushes a barrier and hands everything that
 * changed to the state writer as one write. While an epoch is being written and its outbox sent, the fold of the next goes on; the one
 * after waits, so what a crash throws away is at most two epochs, and none of it was seen outside.
 */
import { EventStoreError } from '../event/error.ts'
import { aliveCount } from '../operators/page.ts'
import { readTopologyRow } from '../store/state.ts'
import { EpochGatherer, type SealedEpoch } from './epoch.ts'
import type { Fragment } from './fragment.ts'
import { OutboxSender } from './outbox-sender.ts'
import type { Counters, PipelineOptions, PipelineOutcome } from './pipeline-options.ts'
import { guardCalls } from './skipped-rows.ts'
import type { Source, SourcePosition } from './source.ts'

/** Control calls of the thread are answered at least this often while pages flow. */
const sliceMs = 4
/** At the head the source is asked again after this, should an announcement have been missed. */
const pollMs = 200

export class PipelineActor {
  /** Resolves when the pipeline has come to rest, however that was. */
  readonly done: Promise<PipelineOutcome>
  readonly #options: PipelineOptions
  readonly #gatherer: EpochGatherer
  readonly #source: Source
  readonly #fragment: Fragment
  readonly #sender: OutboxSender
  readonly #countersBefore: Counters
  #sourceDead = 0
  #isAtHead = false
  #isStopping = false
  #stopCommits = true
  #isFailed = false
  #wake: (() => void) | undefined
  #isWatching = false
  /** The epoch on its way: written, then sent. Never rejects; failures lie in `#failure`. */
  #settling: Promise<void> = Promise.resolve()
  #isSettled = true
  #failure: EventStoreError | undefined
  /** Something was folded since the last barrier. */
  #isDirty = false
  #barrierAt: number
  #sliceAt: number

  /** Loads the last epoch, builds the fragment and begins. Rejects with INVALID when the plan can not be built. */
  static async start(options: PipelineOptions): Promise<PipelineActor> {
    const { plan, store, heartbeat, deployment } = options
    const row = readTopologyRow(store, plan.topology)
    const opened: { source?: Source } = {}
    const isRepeating = options.isRepeating || row?.isRepeating === true
    const { topology } = plan
    const gatherer = new EpochGatherer({
      ...options,
      topology,
      row,
      isRepeating,
      beat: () => heartbeat.beat(),
      originOf: order => opened.source?.originOf(order),
    })
    const stepNumbers = new Map(plan.steps.map((step, index) => [step.id, index + 1]))
    const calls = guardCalls(options.skip)
    const source = await options.openSource(row && { place: row.place, rows: row.rows, sequences: row.sequences }, {
      beforeCall: order => heartbeat.note(deployment, 0, order),
    })
    opened.source = source
    const fragment = await options.createFragment(plan, {
      module: options.module,
      state: (step, version) => gatherer.state(step, version),
      projection: name => gatherer.projection(name),
      outbox: step => gatherer.outbox(step),
      dead: dead => gatherer.dead({ ...dead, attempts: calls.attempts(dead.step, dead.order) }),
      resolve: async reference => calls.guard(await options.resolve(reference)),
      beforeCall: (step, order) => {
        heartbeat.note(deployment, stepNumbers.get(step) ?? 0, order)
        calls.before(step, order)
      },
    })
    return new PipelineActor(options, { gatherer, source, fragment, isRepeating, counters: row?.counters ?? {} })
  }

  private constructor(
    options: PipelineOptions,
    parts: { gatherer: EpochGatherer; source: Source; fragment: Fragment; isRepeating: boolean; counters: Counters },
  ) {
    this.#options = options
    this.#gatherer = parts.gatherer
    this.#source = parts.source
    this.#fragment = parts.fragment
    this.#countersBefore = parts.counters
    this.#sender = new OutboxSender({
      append: options.appendOutbox,
      isRepeating: parts.isRepeating,
      isStopped: () => this.#isStopping && !this.#stopCommits,
    })
    this.#barrierAt = this.#sliceAt = options.clock.monotonic()
    this.done = this.#run()
  }

  /** Ends the fold; with `commit` after one more epoch. Resolves when the thread is free of it. */
  async stop({ commit }: { commit: boolean }): Promise<void> {
    this.#isStopping = true
    this.#stopCommits = commit
    this.#wake?.()
    await this.done
  }

  async #run(): Promise<PipelineOutcome> {
    const outcome = await this.#fold().catch((error: unknown): PipelineOutcome => ({ status: 'failed', error: failureOf(error) }))
    this.#isFailed = outcome.status === 'failed'
    this.#fragment.close()
    this.#options.heartbeat.clear()
    this.#options.onEnd?.(outcome)
    return outcome
  }

  async #fold(): Promise<PipelineOutcome> {
    // Whoever started it gets to know it before anything happens.
    await new Promise<void>(resolve => void setImmediate(resolve))
    this.#settle(this.#gatherer.pending(), true)
    while (!this.#isStopping) {
      this.#options.heartbeat.beat()
      if (this.#failure) throw this.#failure
      const hasMore = this.#pull()
      if (!hasMore && this.#source.isEnded) return this.#end()
      if (this.#isDue()) await this.#barrier('running')
      if (hasMore) await this.#yield()
      else await this.#rest()
    }
    if (this.#stopCommits) {
      if (this.#isDirty || this.#gatherer.hasSent) await this.#barrier('running')
      await this.#settling
    }
    if (this.#failure) throw this.#failure
    return { status: 'stopped' }
  }

  /** One page; false when the source has none now. */
  #pull(): boolean {
    const page = this.#source.next()
    this.#isAtHead = page === null
    if (page === null) return false
    this.#isDirty = true
    for (const dead of this.#source.dead) this.#gatherer.dead(dead)
    this.#sourceDead += this.#source.dead.length
    if (aliveCount(page) > 0) this.#fragment.push(page)
    this.#options.heartbeat.clear()
    return true
  }

  async #end(): Promise<PipelineOutcome> {
    this.#fragment.push({ kind: 'end' })
    await this.#barrier('ended')
    await this.#settling
    // Its outbox was sent; one more write, and nothing is left to send again.
    if (this.#gatherer.hasSent) await this.#barrier('ended')
    await this.#settling
    if (this.#failure) throw this.#failure
    return { status: 'ended' }
  }

  #isDue(): boolean {
    if (this.#gatherer.dirtyBytes * 2 > this.#options.limits.dirtyBytes) return true
    if (!this.#isSettled || !(this.#isDirty || this.#gatherer.hasSent)) return false
    return this.#options.clock.monotonic() - this.#barrierAt >= this.#options.epochMs
  }

  async #barrier(status: 'running' | 'ended'): Promise<void> {
    await this.#settling
    if (this.#failure) throw this.#failure
    this.#fragment.push({ kind: 'barrier', epoch: this.#gatherer.epoch + 1 })
    this.#options.heartbeat.clear()
    const sealed = this.#gatherer.seal(status, this.#source.position, this.counters)
    this.#isDirty = false
    this.#barrierAt = this.#options.clock.monotonic()
    this.#settle(sealed)
  }

  #settle(sealed: SealedEpoch, isWritten = false): void {
    this.#isSettled = false
    this.#settling = this.#writeAndSend(sealed, isWritten)
      .catch((error: unknown) => void (this.#failure ??= failureOf(error)))
      .then(() => {
        this.#isSettled = true
        this.#wake?.()
      })
  }

  async #writeAndSend(sealed: SealedEpoch, isWritten: boolean): Promise<void> {
    if (!isWritten) {
      const { plan, incarnation, writer } = this.#options
      await this.#options.syncShards?.()
      await writer.write({ topology: plan.topology, incarnation, bytes: sealed.bytes })
      this.#gatherer.written(sealed)
    }
    if (sealed.requests.length > 0 && (await this.#sender.send(sealed.requests))) this.#gatherer.sent(sealed)
  }

  /** Lets the thread answer others, if it has worked for long enough. */
  async #yield(): Promise<void> {
    const now = this.#options.clock.monotonic()
    if (now - this.#sliceAt < sliceMs) return
    await new Promise<void>(resolve => void setImmediate(resolve))
    this.#sliceAt = this.#options.clock.monotonic()
  }

  /** At the head: until there is more, an epoch is due, or somebody stops us. */
  async #rest(): Promise<void> {
    const waits = this.#isDirty || this.#gatherer.hasSent
    const untilBarrierMs = this.#barrierAt + this.#options.epochMs - this.#options.clock.monotonic()
    const restMs = waits && this.#isSettled ? Math.max(0, Math.min(untilBarrierMs, pollMs)) : pollMs
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, restMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#watch()
    })
    this.#wake = undefined
    this.#sliceAt = this.#options.clock.monotonic()
  }

  /** One question to the source at a time, however often we rest. */
  #watch(): void {
    if (this.#isWatching) return
    this.#isWatching = true
    const seen = (): void => {
      this.#isWatching = false
      this.#wake?.()
    }
    this.#source.changed().then(seen, (error: unknown) => {
      this.#failure ??= failureOf(error)
      seen()
    })
  }

  /** Since the deployment; the source under its own id. */
  get counters(): Counters {
    const { rows } = this.#source.position
    const before = this.#countersBefore
    const deadBefore = before[this.#source.id]?.[4] ?? 0
    const own: [string, readonly number[]][] = [
      [this.#source.id, [rows, rows - deadBefore - this.#sourceDead, 0, 0, deadBefore + this.#sourceDead]],
    ]
    for (const [step, now] of this.#fragment.counters) {
      own.push([step, [now.in, now.out, now.late, now.suspect, now.dead].map((count, index) => count + (before[step]?.[index] ?? 0))])
    }
    return Object.fromEntries(own)
  }

  get position(): SourcePosition {
    return this.#source.position
  }

  /** Largest watermark the fragment says it has, if it says. */
  get watermark(): number | undefined {
    const { watermark } = this.#fragment as Fragment & { readonly watermark?: number }
    return watermark === undefined || Number.isFinite(watermark) ? watermark : undefined
  }

  /** The source had nothing more when it was last asked. */
  get isAtHead(): boolean {
    return this.#isAtHead
  }

  /** Epochs handed over so far. */
  get epoch(): number {
    return this.#gatherer.epoch
  }

  /** Rows of projections that are folded and not durable yet; none once it failed, because they may never be. */
  get folded(): EpochGatherer['projections'] | undefined {
    return this.#isFailed ? undefined : this.#gatherer.projections
  }
}

function failureOf(error: unknown): EventStoreError {
  if (error instanceof EventStoreError) return error
  return new EventStoreError(
    'INVALID',
    `the pipeline broke: ${error instanceof Error ? error.message : String(error)}`,
    {},
    { cause: error },
  )
}
