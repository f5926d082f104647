/**
 * The contract of what carries words between nodes that need not be kept: heartbeats, forwarded requests, chunks of snapshots. At most once: a
 * message may be lost, late, or come twice. Subjects are relative to the cluster: `heartbeat`, `node.n1.append`.
 */
export interface BusMessage {
  readonly subject: string
  readonly bytes: Uint8Array
  /** Answers a request; does nothing for a message that is none. */
  reply(bytes: Uint8Array): void
}

export interface Bus {
  /** Sends to all that listen. Never throws: what can not be sent is lost. */
  publish(subject: string, bytes: Uint8Array): void
  /** The answer ends it. */
  subscribe(subject: string, received: (message: BusMessage) => void): () => void
  /** The first reply. Throws UNREACHABLE when none comes within `timeoutMs`, at once when nobody listens. */
  request(subject: string, bytes: Uint8Array, timeoutMs: number): Promise<Uint8Array>
  /** False while there is no connection. */
  readonly isConnected: boolean
  close(): Promise<void>
}

/** Bytes of one message at most; larger things are sent in pieces. */
export const BUS_BYTES = 512 * 1024
