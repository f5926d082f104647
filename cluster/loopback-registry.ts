/** A registry in memory. Reads may be old, writes may have an unknown outcome, watchers hear late and some things twice. */
import { EventStoreError } from '../event/error.ts'
import type { LogServers } from './loopback-log.ts'
import { OrderedDelivery, type Wire, type WireEnd } from './loopback-wire.ts'
import type { Registry, RegistryEntry, RegistryWrite } from './registry.ts'

export interface RegistryFaults {
  /** Reads answered with what was there some writes ago. */
  readonly stale: number
  readonly answerMs: number
}

/** How many writes ago a stale read looks. */
const STALE_WRITES_MAX = 8

/** The side of the servers. */
export class RegistryServers {
  faults: RegistryFaults
  /** All writes there ever were, by revision from 1. */
  readonly #writes: RegistryEntry[] = []
  readonly #latest = new Map<string, RegistryEntry>()
  readonly #deliveries = new Set<OrderedDelivery<RegistryEntry>>()
  readonly #wire: Wire

  constructor(wire: Wire, faults: RegistryFaults) {
    this.#wire = wire
    this.faults = faults
  }

  get latest(): ReadonlyMap<string, RegistryEntry> {
    return this.#latest
  }

  get revision(): number {
    return this.#writes.length
  }

  /** As of now, or by chance as of some writes ago. */
  list(prefix: string): RegistryEntry[] {
    const old = this.#wire.happens(this.faults.stale) ? Math.ceil(this.#wire.random() * STALE_WRITES_MAX) : 0
    const entries = new Map<string, RegistryEntry>()
    const writes = old === 0 ? this.#latest.values() : this.#writes.slice(0, Math.max(0, this.#writes.length - old))
    for (const entry of writes) if (entry.key.startsWith(prefix)) entries.set(entry.key, entry)
    return [...entries.values()]
  }

  write(key: string, json: string, revision: number): RegistryWrite {
    if ((this.#latest.get(key)?.revision ?? 0) !== revision) return { kind: 'conflict' }
    const entry = { key, value: JSON.parse(json) as unknown, revision: this.#writes.length + 1 }
    this.#writes.push(entry)
    this.#latest.set(key, entry)
    for (const delivery of this.#deliveries) delivery.wake()
    return { kind: 'written', revision: entry.revision }
  }

  /** Writes above a revision; what was written over before `begun` is left out. */
  changes(prefix: string, after: number, begun: number): RegistryEntry[] {
    return this.#writes
      .slice(after)
      .filter(entry => entry.key.startsWith(prefix) && (entry.revision > begun || this.#isLatestAt(entry, begun)))
  }

  #isLatestAt({ key, revision }: RegistryEntry, begun: number): boolean {
    return !this.#writes.slice(revision, begun).some(later => later.key === key)
  }

  add(delivery: OrderedDelivery<RegistryEntry>): void {
    this.#deliveries.add(delivery)
  }

  remove(delivery: OrderedDelivery<RegistryEntry>): void {
    this.#deliveries.delete(delivery)
  }

  wake(): void {
    for (const delivery of this.#deliveries) delivery.wake()
  }
}

/** The side of one node. It shares the quorum of the log. */
export class LoopbackRegistry implements Registry {
  readonly #servers: RegistryServers
  readonly #log: LogServers
  readonly #wire: Wire
  readonly #end: WireEnd
  readonly #watches = new Set<() => void>()
  #isClosed = false

  constructor(servers: { registry: RegistryServers; log: LogServers }, wire: Wire, end: WireEnd) {
    this.#servers = servers.registry
    this.#log = servers.log
    this.#wire = wire
    this.#end = end
  }

  async read(key: string): Promise<RegistryEntry | null> {
    const entries = await this.list(key)
    return entries.find(entry => entry.key === key) ?? null
  }

  async list(prefix: string): Promise<RegistryEntry[]> {
    const entries = await this.#call(() => this.#servers.list(prefix))
    if (this.#isClosed || entries === undefined) throw new EventStoreError('UNREACHABLE', 'the registry does not answer')
    return entries.map(copyOf)
  }

  async write(key: string, value: unknown, revision: number): Promise<RegistryWrite> {
    if (this.#isClosed) return { kind: 'unknown', reason: 'closed' }
    const json = JSON.stringify(value)
    return (await this.#call(() => this.#servers.write(key, json, revision))) ?? { kind: 'unknown', reason: 'no answer' }
  }

  #call<Answer>(work: () => Answer): Promise<Answer | undefined> {
    return this.#wire.call<Answer>(this.#end, this.#servers.faults.answerMs, answer =>
      this.#log.serve(() => {
        answer(work())
      }),
    )
  }

  watch(prefix: string, changed: (entry: RegistryEntry) => void): () => void {
    const servers = this.#servers
    const begun = servers.revision
    let seen = 0
    const delivery = new OrderedDelivery<RegistryEntry>({
      wire: this.#wire,
      to: this.#end,
      next: () => (this.#log.isStalled ? [] : servers.changes(prefix, seen, begun)),
      deliver: entry => {
        seen = entry.revision
        changed(copyOf(entry))
        if (this.#wire.happens(this.#wire.faults.twice)) changed(copyOf(entry))
      },
    })
    servers.add(delivery)
    const end = (): void => {
      servers.remove(delivery)
      delivery.close()
      this.#watches.delete(end)
    }
    this.#watches.add(end)
    return end
  }

  close(): Promise<void> {
    this.#isClosed = true
    for (const end of this.#watches) end()
    return Promise.resolve()
  }
}

/** As it would come over a wire: whoever changes it changes only its own. */
function copyOf(entry: RegistryEntry): RegistryEntry {
  return { ...entry, value: structuredClone(entry.value) }
}
