/**
 * Makes rows wait until the projections they look into are as new as they are: until the topology that writes one has folded and written every
 * event before the row that it follows. While that topology does not run, nobody waits: what is there is what is found.
 */
import type { Stamp } from '../event/event.ts'
import type { Place } from '../event/position.ts'
import type { Scope } from '../event/scope.ts'
import type { Row } from '../operators/flow.ts'
import { readStoredName, slotScope } from '../store/slot.ts'
import { readProjectionRow, readTopologyRow, type StateStore } from '../store/state.ts'

/**
 * Readers of rows of projections as their topologies have written them last. Where those lie is asked once: who looks into a topology whose rows are
 * exchanged as a whole is started again.
 */
export async function readersOf(
  store: StateStore,
  scope: Scope,
  lookups: Pick<LookupOptions, 'projections' | 'ownerOf'> | undefined,
): Promise<(projection: string) => (key: readonly unknown[]) => Row | undefined> {
  const stored = new Map<string, string>()
  for (const projection of lookups?.projections ?? []) {
    const owner = await lookups?.ownerOf(projection)
    stored.set(projection, slotScope(scope, owner ? readStoredName(owner.topology).slot : 0) + projection)
  }
  return projection => key => {
    const text = readProjectionRow(store, stored.get(projection) ?? scope + projection, key)
    return text === undefined ? undefined : (JSON.parse(text) as Row)
  }
}

/** A topology that writes a projection which others look into; plain data. */
export interface LookedUp {
  /** Its stored name. */
  readonly topology: string
  readonly deployment: number
  readonly isRunning: boolean
  /** What it follows of the log; left out for generators, whose rows have no place in it. */
  readonly log?: { readonly types?: readonly string[]; readonly categories?: readonly string[] }
}

/** Stamps of the events that a topology follows, in order. */
export interface StampReader {
  /** Null when nothing more is committed now. */
  next(): { readonly count: number; readonly stamps: Float64Array } | null
  /** There may be more than was seen. */
  readonly held: boolean
}

export interface LookupOptions {
  readonly projections: readonly string[]
  readonly store: StateStore
  /** Who writes it now; null when nobody does. */
  ownerOf(projection: string): Promise<LookedUp | null>
  openStamps(log: NonNullable<LookedUp['log']>, after: Place | null): StampReader
  monotonic(): number
  /** Who was told to wait may ask again. */
  woken(): void
}

/** A topology may stop at any time; that is asked for so often while somebody waits for it. */
const askAgainMs = 50

export class Lookups {
  readonly #options: LookupOptions
  #owners = new Map<string, Owner>()
  /** Of a projection nobody is known to write: somebody may by the time of the next row. */
  #isVacant = false
  #isAsking = false
  #askedAt: number
  /** The highest stamp that had been reached before the last question. */
  #askedFor: Stamp = 0

  static async open(options: LookupOptions): Promise<Lookups> {
    const lookups = new Lookups(options)
    await lookups.#ask()
    return lookups
  }

  private constructor(options: LookupOptions) {
    this.#options = options
    this.#askedAt = options.monotonic()
  }

  /** A row of this stamp finds what was written before it. */
  reached(stamp: Stamp): boolean {
    const owners = [...this.#owners.values()]
    if (!owners.every(owner => owner.isPast(stamp))) {
      if (this.#options.monotonic() - this.#askedAt >= askAgainMs) this.#askNow(stamp)
      return false
    }
    if (this.#askedFor >= stamp || !(this.#isVacant || owners.some(owner => owner.hasEnded))) return true
    this.#askNow(stamp)
    return false
  }

  #askNow(stamp: Stamp): void {
    if (this.#isAsking) return
    this.#isAsking = true
    // Nobody is left to ask when the node closes; then the pipeline is stopped as well.
    void this.#ask()
      .then(() => (this.#askedFor = stamp))
      .catch(() => undefined)
      .finally(() => {
        this.#isAsking = false
        this.#askedAt = this.#options.monotonic()
        this.#options.woken()
      })
  }

  async #ask(): Promise<void> {
    const { projections, ownerOf } = this.#options
    const owners = new Map<string, Owner>()
    let isVacant = false
    for (const found of await Promise.all(projections.map(ownerOf))) {
      if (!found?.isRunning || found.log === undefined) {
        isVacant = true
        continue
      }
      const name = `${found.topology}#${found.deployment}`
      owners.set(name, this.#owners.get(name) ?? new Owner(found, this.#options))
    }
    this.#owners = owners
    this.#isVacant = isVacant
  }
}

/** One topology that is waited for. */
class Owner {
  readonly #of: LookedUp
  readonly #options: LookupOptions
  /** As of its last epoch. */
  #place: Place | null = null
  #hasEnded = false
  #reader: StampReader | undefined
  #page: { readonly count: number; readonly stamps: Float64Array } = { count: 0, stamps: new Float64Array(0) }
  #at = 0
  /** The last stamp read of an event that it follows. */
  #last: Stamp = 0

  constructor(of: LookedUp, options: LookupOptions) {
    this.#of = of
    this.#options = options
  }

  isPast(stamp: Stamp): boolean {
    if (this.#hasEnded || this.#stamp >= stamp) return true
    const { store } = this.#options
    const row = readTopologyRow(store, this.#of.topology)
    if (row?.deployment === this.#of.deployment) {
      this.#place = row.place
      this.#hasEnded = row.status === 'ended'
    }
    return this.#hasEnded || this.#stamp >= stamp || this.#stamp >= this.#lastBefore(stamp)
  }

  /** Another may be deployed in its place. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  get #stamp(): Stamp {
    return this.#place?.stamp ?? 0
  }

  /**
   * The last event up to a stamp that it follows and has not written yet. Its place alone does not tell: it stays where it is as long as nothing
   * comes that it follows.
   */
  #lastBefore(stamp: Stamp): Stamp {
    if (this.#reader === undefined || this.#stamp > this.#last) {
      this.#reader = this.#options.openStamps(this.#of.log ?? {}, this.#place)
      this.#page = { count: 0, stamps: new Float64Array(0) }
      this.#at = 0
      this.#last = this.#stamp
    }
    for (;;) {
      const { count, stamps } = this.#page
      while (this.#at < count && stamps[this.#at]! <= stamp) this.#last = stamps[this.#at++]!
      if (this.#at < count) return this.#last
      const page = this.#reader.next()
      if (page === null) return this.#reader.held ? Number.POSITIVE_INFINITY : this.#last
      this.#page = page
      this.#at = 0
    }
  }
}
