/** The term machines of all partitions of one node, and their words to the registry, to other nodes and to the shards carried out. */
import type { Clock } from '../event/clock.ts'
import type { Registry } from './registry.ts'
import {
  firstTermState,
  isTerm,
  type Leader,
  readTermEntry,
  type TermEntry,
  type TermInput,
  type TermOptions,
  type TermOutput,
  type TermState,
  type View,
} from './term-state.ts'
import { step } from './term.ts'
import { isNodeId } from './wire.ts'

type WithoutTime<Input> = Input extends unknown ? Omit<Input, 'nowMs'> : never
export type UntimedInput = WithoutTime<TermInput>

export interface TermCalls {
  /** Lead from this term on: catch up, append its first record, then say `started`, or `lost`. */
  lead(partition: number, term: number): void
  /** Lead no longer. `isPlanned`: finish what is in flight first, take nothing new, and say `resigned`. */
  resign(partition: number, term: number, isPlanned: boolean): void
  /** Who leads changed, as far as this node can tell. */
  leader(partition: number, leader: Leader): void
}

export interface PartitionTermsOptions {
  readonly node: string
  readonly incarnation: string
  readonly partitions: number
  readonly registry: Registry
  readonly clock: Clock
  readonly terms: Partial<TermOptions>
  readonly calls: TermCalls
  /** A word to another node's machine. */
  readonly send: (to: string, kind: 'take' | 'decline', body: unknown) => void
}

const KEYS = 'term.'

export class PartitionTerms {
  readonly #options: PartitionTermsOptions
  readonly #states: TermState[]
  readonly #waiters = new Set<() => boolean>()
  #isClosed = false
  #unwatch: (() => void) | undefined

  constructor(options: PartitionTermsOptions) {
    this.#options = options
    const { node, incarnation, partitions, terms } = options
    this.#states = Array.from({ length: partitions }, () => firstTermState(node, incarnation, terms))
  }

  /** Reads the table and keeps up with it. Throws UNREACHABLE. */
  async open(): Promise<void> {
    const { registry } = this.#options
    this.#unwatch = registry.watch(KEYS, ({ key, value, revision }) => this.#changed(key, value, revision))
    const known = new Map((await registry.list(KEYS)).map(entry => [entry.key, entry]))
    for (const partition of this.#states.keys()) {
      const { value = null, revision = 0 } = known.get(KEYS + partition) ?? {}
      this.input(partition, { kind: 'read', entry: readTermEntry(value), revision })
    }
  }

  close(): void {
    this.#isClosed = true
    this.#unwatch?.()
  }

  state(partition: number): TermState {
    return this.#states[partition]!
  }

  tick(viewOf: (partition: number) => View): void {
    for (const partition of this.#states.keys()) this.input(partition, { kind: 'tick', view: viewOf(partition) })
  }

  input(partition: number, input: UntimedInput): void {
    const state = this.#states[partition]
    if (state === undefined || this.#isClosed) return
    const nowMs = this.#options.clock.monotonic()
    const stepped = step(state, { ...input, nowMs } as TermInput)
    this.#states[partition] = stepped.state
    for (const output of stepped.outputs) this.#carryOut(partition, output)
    const { phase, entry } = stepped.state
    if (phase !== state.phase || entry !== state.entry || stepped.outputs.length > 0) this.#look()
  }

  /** A word of another node's machine; false when it is none. */
  received(kind: string, from: string, body: unknown): boolean {
    const { partition, term, revision, isPinned } = (body ?? {}) as Partial<Record<string, unknown>>
    if (typeof partition !== 'number' || this.#states[partition] === undefined || !isTerm(term)) return false
    if (kind === 'decline') this.input(partition, { kind: 'declined', by: from, term })
    else if (isTerm(revision) && typeof isPinned === 'boolean') this.input(partition, { kind: 'take', from, term, revision, isPinned })
    else return false
    return true
  }

  /** Partition and term of each that this node leads and has begun to. */
  leads(): [partition: number, term: number][] {
    return [...this.#states.entries()].flatMap(([partition, { phase, ledTerm }]) =>
      phase === 'leading' || phase === 'resigning' ? [[partition, ledTerm] as [number, number]] : [],
    )
  }

  /** True when this node leads nothing, does not begin to, and has passed on what it led. */
  get isIdle(): boolean {
    return this.#states.every(({ phase }) => phase === 'following')
  }

  /** Partitions that this node lets others lead first. */
  yields(): number[] {
    return [...this.#states.keys()].filter(partition => {
      const { clockMs, yieldUntilMs } = this.#states[partition]!
      return clockMs < yieldUntilMs
    })
  }

  /** Looks at each change; the answer ends it, as does `true`. */
  whenever(look: () => boolean): () => void {
    this.#waiters.add(look)
    return () => this.#waiters.delete(look)
  }

  #look(): void {
    for (const look of this.#waiters) if (look()) this.#waiters.delete(look)
  }

  #changed(key: string, value: unknown, revision: number): void {
    const partition = Number(key.slice(KEYS.length))
    const entry = readTermEntry(value)
    // What is no entry was not written by a node of this version; the next read says whether it is still there.
    if (entry !== null) this.input(partition, { kind: 'entry', entry, revision })
  }

  #carryOut(partition: number, output: TermOutput): void {
    const { calls, send } = this.#options
    switch (output.kind) {
      case 'read':
        void this.#read(partition)
        return
      case 'write':
        void this.#write(partition, output.entry, output.revision)
        return
      case 'lead':
        return calls.lead(partition, output.term)
      case 'resign':
        return calls.resign(partition, output.term, output.isPlanned)
      case 'take': {
        const { to, term, revision, isPinned } = output
        return send(to, 'take', { partition, term, revision, isPinned })
      }
      case 'decline':
        if (isNodeId(output.to)) send(output.to, 'decline', { partition, term: output.term })
        return
      case 'tell':
        return calls.leader(partition, output.leader)
    }
  }

  async #read(partition: number): Promise<void> {
    try {
      const found = await this.#options.registry.read(KEYS + partition)
      this.input(partition, { kind: 'read', entry: readTermEntry(found?.value), revision: found?.revision ?? 0 })
    } catch {
      // It is tried again; what keeps it from being read is seen by whoever looks at the connection.
      this.input(partition, { kind: 'read-failed' })
    }
  }

  async #write(partition: number, entry: TermEntry, revision: number): Promise<void> {
    const result = await this.#options.registry.write(KEYS + partition, entry, revision)
    this.input(partition, { kind: 'write', result })
  }
}
