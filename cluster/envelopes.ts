/** What this node's messages to others are put into, and what others' are taken out of; `wire.ts` has the bytes. */
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
