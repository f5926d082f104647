/** A node's own row in the registry: written when it starts, and the proof that no other process goes by its id. */
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import { sleep, type Timers } from '../event/timers.ts'
import { type MemberEntry, readMemberEntry } from './member-table.ts'
import type { MemberWords } from './member-words.ts'
import type { Registry } from './registry.ts'

export const MEMBER_KEYS = 'member.'
const TRIES = 20
const TRY_AGAIN_MS = 200

export interface OwnEntryOptions {
  readonly registry: Registry
  readonly timers: Timers
  readonly entry: MemberEntry
  /** Asks who is reached by an id; null when nobody answers. */
  readonly live: (node: string) => Promise<string | null>
}

export class OwnEntry {
  readonly #options: OwnEntryOptions
  #entry: MemberEntry
  #revision = 0

  constructor(options: OwnEntryOptions) {
    this.#options = options
    this.#entry = options.entry
  }

  get entry(): MemberEntry {
    return this.#entry
  }

  /** Of this node's entry. */
  get revision(): number {
    return this.#revision
  }

  /** Takes the place of what was there, if that process is gone. Throws INCOMPATIBLE when it lives, UNREACHABLE when the registry does not answer. */
  async register(): Promise<void> {
    const { incarnation } = this.#entry
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await this.#options.registry.read(this.#key)
      const there = readMemberEntry(found?.value)
      if (there?.incarnation === incarnation) {
        this.#revision = found!.revision
        return
      }
      const live = there === null ? null : await this.#options.live(this.#entry.node)
      if (live !== null && live !== incarnation) throw this.#clash(live)
      this.#entry = { ...this.#entry, isDraining: there?.isDraining === true }
      if (await this.#write(this.#entry, found?.revision ?? 0)) return
      await sleep(this.#options.timers, TRY_AGAIN_MS)
    }
    throw new EventStoreError('UNREACHABLE', `the registry did not take the entry of node "${this.#entry.node}"`, {
      node: this.#entry.node,
    })
  }

  /** Throws INCOMPATIBLE when a node that runs writes another format, UNREACHABLE. */
  async refuseOtherFormats(): Promise<void> {
    const { node, format } = this.#entry
    for (const { value } of await this.#options.registry.list(MEMBER_KEYS)) {
      const entry = readMemberEntry(value)
      if (entry === null || entry.node === node || entry.format === format) continue
      if ((await this.#options.live(entry.node)) === null) continue
      const sentence = `node "${entry.node}" runs with format ${entry.format} and this one with ${format}; all must run the same`
      throw new EventStoreError('INCOMPATIBLE', sentence, { field: 'format', node: entry.node, format: entry.format })
    }
  }

  /** Throws CLOSED when another process has taken this node's place, UNREACHABLE. */
  async change(part: Partial<Pick<MemberEntry, 'isDraining' | 'address'>>): Promise<void> {
    this.#entry = { ...this.#entry, ...part }
    for (let tries = 0; tries < TRIES; tries++) {
      if (await this.#write(this.#entry, this.#revision)) return
      const found = await this.#options.registry.read(this.#key)
      const there = readMemberEntry(found?.value)
      if (there !== null && this.isReplacedBy(there)) throw replacedError(this.#entry, there)
      this.#revision = found?.revision ?? 0
      if (there?.isDraining === this.#entry.isDraining && there.address === this.#entry.address) return
      await sleep(this.#options.timers, TRY_AGAIN_MS)
    }
    throw new EventStoreError('UNREACHABLE', `the registry did not take the entry of node "${this.#entry.node}"`, {
      node: this.#entry.node,
    })
  }

  /** True for an entry that another process wrote in this node's place. */
  isReplacedBy({ node, incarnation }: MemberEntry): boolean {
    return node === this.#entry.node && incarnation !== this.#entry.incarnation
  }

  get #key(): string {
    return MEMBER_KEYS + this.#entry.node
  }

  async #write(entry: MemberEntry, revision: number): Promise<boolean> {
    const result = await this.#options.registry.write(this.#key, entry, revision)
    if (result.kind === 'written') this.#revision = result.revision
    return result.kind === 'written'
  }

  #clash(incarnation: string): EventStoreError {
    const { node } = this.#entry
    return new EventStoreError('INCOMPATIBLE', `another node that runs is called "${node}" already; give this one an id of its own`, {
      field: 'node',
      node,
      incarnation,
    })
  }
}

export function replacedError({ node }: MemberEntry, { incarnation }: MemberEntry): EventStoreError {
  return new EventStoreError('CLOSED', `another process has taken the place of node "${node}"; this one stops`, { node, incarnation })
}

/** The incarnation that is reached by a node's id; null when nobody is, or nobody of this cluster. */
export async function liveIncarnation(words: MemberWords, node: string, askMs: number): Promise<string | null> {
  try {
    return (await words.ask(`node.${node}.who`, 'who', {}, askMs)).incarnation
  } catch (error) {
    if (isEventStoreError(error, 'UNREACHABLE')) return null
    throw error
  }
}
