/** Puts this node's messages into envelopes and takes those of other members out of theirs; counts what is left out, by why. */
import type { Envelopes, OpenedMessage } from '../../cluster/envelopes.ts'
import { decodeEnvelope, encodeEnvelope, type WireFault } from '../../cluster/wire.ts'

export interface EnvelopeOwner {
  /** The store's id. */
  readonly cluster: string
  readonly node: string
  readonly incarnation: string
  /** Whether a node is a member, as far as is known. */
  readonly knows: (node: string) => boolean
}

export class CheckedEnvelopes implements Envelopes {
  readonly ignored: Record<WireFault | 'sender', number> = { size: 0, magic: 0, version: 0, header: 0, cluster: 0, sender: 0 }
  readonly #owner: EnvelopeOwner

  constructor(owner: EnvelopeOwner) {
    this.#owner = owner
  }

  seal(kind: string, body: Uint8Array): Uint8Array {
    const { cluster, node, incarnation } = this.#owner
    return encodeEnvelope({ cluster, node, incarnation, kind }, body)
  }

  open(bytes: Uint8Array): OpenedMessage | null {
    const envelope = decodeEnvelope(bytes, this.#owner.cluster)
    const fault = 'fault' in envelope ? envelope.fault : this.#owner.knows(envelope.node) ? null : 'sender'
    if (fault === null) return envelope as OpenedMessage
    this.ignored[fault]++
    return null
  }
}
