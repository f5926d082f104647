/** One node's words to others over the bus, each in its envelope, and a sieve for what comes in: what is not for it is counted by what is wrong. */
import { EventStoreError } from '../event/error.ts'
import { BUS_BYTES, type Bus } from './bus.ts'
import { decodeEnvelope, encodeEnvelope, type Envelope, readJson, type WireFault, writeJson } from './wire.ts'

/** `sender`: a node, or an incarnation of one, that the registry does not have. */
export type Refusal = WireFault | 'sender' | 'kind' | 'body' | 'format'

export interface MemberWordsOptions {
  readonly bus: Bus
  readonly cluster: string
  readonly node: string
  readonly incarnation: string
  readonly isMember: (node: string, incarnation: string) => boolean
}

export interface Word extends Envelope {
  reply(kind: string, value: unknown): void
}

export interface ListenOptions {
  readonly subject: string
  readonly kinds: readonly string[]
  /** A node that starts is not in the registry yet. */
  readonly fromAnyone?: boolean
  /** Why it was not taken, where it was not. */
  readonly received: (word: Word) => Refusal | undefined
}

export class MemberWords {
  readonly #options: MemberWordsOptions
  readonly #refused = new Map<Refusal, number>()
  readonly #subscriptions: (() => void)[] = []

  constructor(options: MemberWordsOptions) {
    this.#options = options
  }

  get refused(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#refused)
  }

  refuse(reason: Refusal): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1)
  }

  publish(subject: string, kind: string, body: Uint8Array): void {
    this.#options.bus.publish(subject, this.#seal(kind, body))
  }

  listen({ subject, kinds, fromAnyone = false, received }: ListenOptions): void {
    const stop = this.#options.bus.subscribe(subject, message => {
      const envelope = this.#open(message.bytes)
      if (envelope === null) return
      if (!fromAnyone && !this.#options.isMember(envelope.node, envelope.incarnation)) return this.refuse('sender')
      if (!kinds.includes(envelope.kind)) return this.refuse('kind')
      const reply = (kind: string, value: unknown): void => message.reply(this.#seal(kind, writeJson(value)))
      const refusal = received({ ...envelope, reply })
      if (refusal !== undefined) this.refuse(refusal)
    })
    this.#subscriptions.push(stop)
  }

  /** The answer and who gave it. Throws UNREACHABLE when none comes in time, or none of this cluster. */
  async ask(subject: string, kind: string, value: unknown, timeoutMs: number): Promise<Envelope & { readonly value: unknown }> {
    const envelope = this.#open(await this.#options.bus.request(subject, this.#seal(kind, writeJson(value)), timeoutMs))
    if (envelope === null) throw new EventStoreError('UNREACHABLE', `no answer of this cluster on ${subject}`, { subject })
    return { ...envelope, value: readJson(envelope.body) }
  }

  close(): void {
    for (const stop of this.#subscriptions.splice(0)) stop()
  }

  #seal(kind: string, body: Uint8Array): Uint8Array {
    const { cluster, node, incarnation } = this.#options
    return encodeEnvelope({ cluster, node, incarnation, kind }, body)
  }

  #open(bytes: Uint8Array): Envelope | null {
    const envelope = bytes.length > BUS_BYTES ? ({ fault: 'size' } as const) : decodeEnvelope(bytes, this.#options.cluster)
    if (!('fault' in envelope)) return envelope
    this.refuse(envelope.fault)
    return null
  }
}
