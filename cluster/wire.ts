/**
 * What stands around each message between nodes: 4 bytes `ASC1`, a u16 version, a u16 length of the header, the header as JSON, then the body. Both
 * numbers are little endian. A message of another cluster, or one that is not whole, is told apart before anybody looks into its body.
 */

/** Raised when what lies between nodes changes so that an older node could misread it. */
export const WIRE_VERSION = 1
/** Bytes of a header at most. */
export const WIRE_HEADER_BYTES = 1024

export interface WireHeader {
  /** The id of the cluster, made once with it; two clusters of one name differ in it. */
  readonly cluster: string
  readonly node: string
  /** New each time the node starts. */
  readonly incarnation: string
  /** What the body is: `heartbeat`, `append`, … */
  readonly kind: string
}

export interface Envelope extends WireHeader {
  readonly body: Uint8Array
}

/** Why bytes are not a message for this cluster; each is counted by its name. */
export type WireFault = 'size' | 'magic' | 'version' | 'header' | 'cluster'

export interface WireRefusal {
  readonly fault: WireFault
}

/** What a node may be called: it is part of subjects and keys. */
const NODE_ID = /^[A-Za-z0-9_-]{1,64}$/
const MAGIC = [0x41, 0x53, 0x43, 0x31] as const
const PRELUDE_BYTES = 8
const NO_BODY = new Uint8Array(0)
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** 1 to 64 letters, digits, `-` and `_`. */
export function isNodeId(id: unknown): id is string {
  return typeof id === 'string' && NODE_ID.test(id)
}

/** The bytes of a message. The header is this node's own and must fit; a body of any length is left to the sender's limit. */
export function encodeEnvelope({ cluster, node, incarnation, kind }: WireHeader, body: Uint8Array = NO_BODY): Uint8Array {
  const header = encoder.encode(JSON.stringify({ cluster, node, incarnation, kind }))
  if (header.length > WIRE_HEADER_BYTES) throw new RangeError(`the header of a message has ${header.length} bytes`)
  const bytes = new Uint8Array(PRELUDE_BYTES + header.length + body.length)
  bytes.set(MAGIC)
  const view = new DataView(bytes.buffer)
  view.setUint16(4, WIRE_VERSION, true)
  view.setUint16(6, header.length, true)
  bytes.set(header, PRELUDE_BYTES)
  bytes.set(body, PRELUDE_BYTES + header.length)
  return bytes
}

/** The message in these bytes, or why there is none for this cluster; never throws. The body is a view of the bytes. */
export function decodeEnvelope(bytes: Uint8Array, cluster: string): Envelope | WireRefusal {
  if (bytes.length < PRELUDE_BYTES) return { fault: 'size' }
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) return { fault: 'magic' }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint16(4, true) !== WIRE_VERSION) return { fault: 'version' }
  const headerBytes = view.getUint16(6, true)
  if (headerBytes > WIRE_HEADER_BYTES || PRELUDE_BYTES + headerBytes > bytes.length) return { fault: 'size' }
  const header = readHeader(bytes.subarray(PRELUDE_BYTES, PRELUDE_BYTES + headerBytes))
  if (header === null) return { fault: 'header' }
  if (header.cluster !== cluster) return { fault: 'cluster' }
  return { ...header, body: bytes.subarray(PRELUDE_BYTES + headerBytes) }
}

function readHeader(bytes: Uint8Array): WireHeader | null {
  const { cluster, node, incarnation, kind } = (readJson(bytes) ?? {}) as Partial<Record<keyof WireHeader, unknown>>
  const isWhole = isText(cluster) && isNodeId(node) && isText(incarnation) && isText(kind)
  return isWhole ? { cluster, node, incarnation, kind } : null
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0
}

/** The value in bytes that a peer sent as JSON; null when they are none. */
export function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes)) as unknown
  } catch {
    return null
  }
}

/** Any JSON value as the body of a message. */
export function writeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value))
}
