/** What this node's messages to others are put into, and what others' are taken out of; `wire.ts` has the bytes. */
import { decodeEnvelope, encodeEnvelope, type WireFault, type WireHeader } from './wire.ts'

export interface OpenedMessage {
  readonly node: string
  /** New each time that node starts. */
  readonly incarnation: string
  readonly kind: string
  readonly body: Uint8Array
}

export interface Envelopes {
  seal(kind: string, body: Uint8Array): Uint8Array
  /** Null for what is not of this cluster, or of no node that it knows: counted there, answered by nobody. */
  open(bytes: Uint8Array): OpenedMessage | null
}

/** Those of one process of a node. `refused`: told what came and is of nobody it speaks with. */
export function envelopesOf(
  identity: Omit<WireHeader, 'kind'>,
  refused: (why: WireFault | 'unknown') => void,
  isKnown: (node: string) => boolean,
): Envelopes {
  return {
    seal: (kind, body) => encodeEnvelope({ ...identity, kind }, body),
    open: bytes => {
      const opened = decodeEnvelope(bytes, identity.cluster)
      if ('fault' in opened) refused(opened.fault)
      else if (isKnown(opened.node)) return opened
      else refused('unknown')
      return null
    },
  }
}
