/**
 * The pipeline actor: pulls a page, pushes it through the fragment, and at an epoch's end pushes a barrier and hands everything that
 * changed to the state writer as one write. While an epoch is being written and its outbox sent, the fold of the next goes on; the one
 * after waits, so what a crash throws away is at most two epochs, and none of it was seen outside.
 */
import type { StateMemory } from '../operators/keyed/state-memory.ts'
import { aliveCount } from '../operators/page.ts'
import { failPoint } from '../event/fail-points.ts'
import { DEFAULT_SCOPE } from '../event/scope.ts'
import { slotScope } from '../store/slot.ts'
import type { EpochGatherer } from './epoch.ts'
import type { Fragment } from './fragment.ts'
import { heldOf, type KeyLines } from './key-lines.ts'
import type { Lookups } from './lookups.ts'
import { type Counters, countersSince, type PipelineOptions, type PipelineOutcome, type StopOptions } from './pipeline-options.ts'
import { openParts, type PipelineParts } from './pipeline-parts.ts'
import { Rest } from './rest.ts'
import { failureOf, type Progress, Settling } from './settling.ts'
import type { PulledPage, Source, SourcePosition } from './source.ts'

/** Control calls of the thread are answered at least this often while pages flow. */
const sliceMs = 4
/** At the head the source is asked again after this, should an announcement have been missed. */
const pollMs = 200
/** A page that waits for a projection looks again after this. */
const lookMs = 5

export class PipelineActor {
  /** Resolves when the pipeline has come to rest, however that was. */
  readonly done: Promise<PipelineOutcome>
  readonly #options: PipelineOptions
  readonly #epochMs: number
  readonly #gatherer: EpochGatherer
  readonly #settling: Settling
  readonly #source: Source
  readonly #fragment: Fragment
  readonly #sleep: Rest
  readonly #memory: StateMemory
  readonly #lines: readonly KeyLines[]
  readonly #lookups: Lookups | undefined
  readonly #countersBefore: Counters
  readonly #rowsOf: PipelineParts['rowsOf']
  readonly #mutedTo: number
  #sourceDead = 0
  #isAtHead = false
  #stopping: StopOptions | undefined
  /** A page whose rows look into projections that are not as new as they are; with where the source stood before it. */
  #held: { readonly page: PulledPage; readonly position: SourcePosition } | undefined
  /** Something was folded since the last barrier. */
  #isDirty: boolean
  #barrierAt: number
  #sliceAt: number

  /** Loads the last epoch, builds the fragment and begins. Rejects with INVALID when the plan can not be built. */
  static async start(options: PipelineOptions): Promise<PipelineActor> {
    return new PipelineActor(options, await openParts(options))
  }

  private constructor(options: PipelineOptions, parts: PipelineParts) {
    const { plan, incarnation, writer, syncShards, scope = DEFAULT_SCOPE, slot } = options
    this.#options = options
    this.#epochMs = plan.epochMs ?? options.epochMs
    this.#mutedTo = options.mutedTo ?? -Infinity
    this.#gatherer = parts.gatherer
    this.#source = parts.source
    this.#fragment = parts.fragment
    this.#memory = parts.memory
    this.#lines = parts.lines
    this.#lookups = parts.lookups
    this.#countersBefore = parts.counters
    this.#rowsOf = parts.rowsOf
    this.#sleep = new Rest(parts.source, error => this.#settling.fail(error))
    parts.whenWoken(() => this.#sleep.wake())
    this.#settling = new Settling({
      ...options,
      gatherer: parts.gatherer,
      isRepeating: parts.isRepeating,
      isStopped: () => this.#stopping?.commit === false,
      woken: () => this.#sleep.wake(),
      async write(bytes) {
        await syncShards?.()
        await writer.write({ topology: slotScope(scope, slot) + plan.topology, incarnation, bytes })
      },
    })
    this.#isDirty = parts.gatherer.dirtyBytes > 0 // A step may have made its rows anew.
    this.#barrierAt = this.#sliceAt = options.clock.monotonic()
    this.done = this.#run()
  }

  /** Ends the fold; with `commit` after one more epoch. Resolves when the thread is free of it. */
  async stop(options: StopOptions): Promise<void> {
    const { commit, deliveries = commit ? 'soon' : 'now' } = options
    if (!commit || this.#stopping) void this.#settling.stopDeliveries(deliveries)
    this.#stopping = options
    // Or it would wait for lanes that are gone.
    if (!commit) this.#fragment.abandon?.()
    this.#sleep.wake()
    await this.done
  }

  async #run(): Promise<PipelineOutcome> {
    const outcome = await this.#fold().catch((error: unknown): PipelineOutcome => {
      // What is cut short fails in whatever way.
      return this.#stopping?.commit === false ? { status: 'stopped' } : { status: 'failed', error: failureOf(error) }
    })
    if (outcome.status === 'failed' || this.#stopping?.commit === false) this.#gatherer.projections.close()
    await this.#settling.stopDeliveries('now')
    this.#fragment.close()
    this.#options.heartbeat.clear()
    this.#options.onEnd?.(outcome)
    return outcome
  }

  async #fold(): Promise<PipelineOutcome> {
    // Whoever started it gets to know it before anything happens.
    await new Promise<void>(resolve => void setImmediate(resolve))
    this.#settling.settle(this.#gatherer.pending(), true)
    while (!this.#stopping) {
      this.#options.heartbeat.beat()
      if (this.#settling.failure) throw this.#settling.failure
      const hasMore = this.#pull()
      if (!hasMore && this.#source.isEnded) return this.#end()
      if (this.#isDue()) await this.#barrier('running')
      if (hasMore) await this.#yield()
      else await this.#rest()
    }
    await this.#stop('running')
    return { status: 'stopped' }
  }

  /** One page; false when there is none now, or none that may go on. */
  #pull(): boolean {
    this.#isAtHead = false
    if (this.#settling.isFull || this.#fragment.isFull === true) return false
    const position = this.#lookups && (this.#held?.position ?? this.#source.position)
    const page = this.#held?.page ?? this.#source.next()
    this.#isAtHead = page === null
    if (page === null) return false
    if (position && this.#lookups?.reached(page.order[page.count - 1]!) === false) {
      this.#held = { page, position }
      return false
    }
    this.#held = undefined
    this.#isDirty = true
    for (const dead of this.#source.dead) this.#gatherer.dead(dead)
    this.#sourceDead += this.#source.dead.length
    this.#push(page)
    return true
  }

  #push(page: PulledPage): void {
    const { place } = this.#source.position
    const done = (): void => {
      this.#gatherer.projections.show(place)
      this.#options.heartbeat.clear()
    }
    const isLaned = this.#fragment.drained !== undefined
    if (aliveCount(page) === 0 && !isLaned) return done()
    const origins = isLaned ? this.#source.originsOf() : undefined
    const isMuted = page.order[page.count - 1]! <= this.#mutedTo
    const begun = (): void => {
      this.#rowsOf(origins)
      this.#gatherer.mute(isMuted)
    }
    this.#fragment.push(page, { begun, done })
    this.#options.heartbeat.clear()
  }

  /** With its outbox sent and a last write, so that nothing is left to send again. */
  async #end(): Promise<PipelineOutcome> {
    const begun = (): void => {
      this.#rowsOf(undefined)
      // The version before had no end here.
      this.#gatherer.mute(this.#mutedTo === Infinity)
    }
    this.#fragment.push({ kind: 'end' }, { begun })
    await this.#barrier('ended')
    await this.#settling.settled()
    while (!this.#stopping && !(this.#settling.isDelivered && !this.#gatherer.hasSent)) {
      if (this.#gatherer.hasSent) await this.#barrier('ended')
      await this.#settling.settled()
      await this.#settling.delivered(Math.min(this.#epochMs, pollMs))
    }
    if (!this.#stopping) return { status: 'ended' }
    await this.#stop('ended')
    return { status: 'stopped' }
  }

  /** What was folded is written, its events are appended; deliveries stop, and those that were made are noted. */
  async #stop(status: 'running' | 'ended'): Promise<void> {
    if (this.#settling.failure) throw this.#settling.failure
    if (this.#stopping?.commit !== true) return
    if (this.#isDirty || this.#gatherer.hasSent) await this.#barrier(status)
    await this.#settling.settled()
    await this.#settling.stopDeliveries(this.#stopping.deliveries ?? 'soon')
    if (this.#gatherer.hasSent) await this.#barrier(status)
    await this.#settling.settled()
  }

  #isDue(): boolean {
    if ((this.#gatherer.dirtyBytes + (this.#fragment.dirtyBytes ?? 0)) * 2 > this.#options.limits.dirtyBytes) return true
    if (this.#memory.isDirty) return true
    if (!this.#settling.isSettled || !(this.#isDirty || this.#gatherer.hasSent)) return false
    // Nobody can take what is held back by its own epoch.
    if (this.#settling.isFull && this.#gatherer.postedBytes > 0) return true
    return this.#options.clock.monotonic() - this.#barrierAt >= this.#epochMs
  }

  async #barrier(status: 'running' | 'ended'): Promise<void> {
    await this.#settling.settled()
    failPoint('epoch.barrier')
    this.#fragment.push({ kind: 'barrier', epoch: this.#gatherer.epoch + 1 })
    await this.#fragment.drained?.()
    this.#options.heartbeat.clear()
    const sealed = this.#gatherer.seal(status, this.position, this.counters)
    failPoint('epoch.sealed')
    this.#isDirty = false
    this.#barrierAt = this.#options.clock.monotonic()
    this.#settling.settle(sealed)
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
    const waits = (this.#isDirty || this.#gatherer.hasSent) && this.#settling.isSettled
    const mostMs = this.#held ? lookMs : pollMs
    const restMs = waits ? Math.max(0, Math.min(this.#barrierAt + this.#epochMs - this.#options.clock.monotonic(), mostMs)) : mostMs
    await this.#sleep.for(restMs, { watches: this.#isAtHead })
    this.#sliceAt = this.#options.clock.monotonic()
  }

  /** Since the deployment; the source under its own id. */
  get counters(): Counters {
    const { rows } = this.position
    const before = this.#countersBefore
    const dead = (before[this.#source.id]?.[4] ?? 0) + this.#sourceDead
    return { [this.#source.id]: [rows, rows - dead, 0, 0, dead], ...countersSince(before, this.#fragment.counters) }
  }

  /** How long each step has worked since the pipeline was started, ms. */
  get busyMs(): ReadonlyMap<string, number> {
    return this.#fragment.busyMs ?? new Map<string, number>()
  }

  /** Of what was folded. */
  get position(): SourcePosition {
    return this.#held?.position ?? this.#source.position
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

  /** How the last of them fared, and whether anything is still on its way. */
  get progress(): Progress {
    const isAtRest = this.#isAtHead && !this.#held && !this.#isDirty && !this.#gatherer.hasSent
    return { ...this.#settling.progress(isAtRest ? this.#source.head : undefined), ...heldOf(this.#lines) }
  }

  /** Rows of projections that are folded and not durable yet; none once it failed, because they may never be. */
  get folded(): EpochGatherer['projections'] | undefined {
    return this.#gatherer.projections.isClosed ? undefined : this.#gatherer.projections
  }
}
