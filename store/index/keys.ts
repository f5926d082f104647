/** Keys of a shard's columns: `log` by block number, `index` by kind, bucket and segment, `meta` by kind. Big-endian, so that order is number order. */

/** Columns of a shard's database. */
export type ShardColumn = 'log' | 'index' | 'meta'

export const BUCKETS = 4096
/** Which bucket of the index a hash falls into. */
export const bucketOf = (hi: number): number => hi >>> 20

export const kinds = {
  stream: 0x73,
  id: 0x69,
  bloom: 0x62,
  directory: 0x64,
  versions: 0x76,
  versionsHead: 0x56,
  producer: 0x70,
  claims: 0x6b,
  /** In `meta`, as producers; the number is that of terms in `index`. */
  tenantCount: 0x74,
  replica: 0x72,
  term: 0x74,
  termsHead: 0x54,
} as const

/** Is there from the first claim of a partition key on. */
export const claimsKey = Buffer.of(kinds.claims)

export function blockKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(8)
  key.writeUInt32BE(Math.floor(number / 0x1_0000_0000), 0)
  key.writeUInt32BE(number >>> 0, 4)
  return key
}

export function blockNumberOf(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, 8)
  return view.getUint32(0) * 0x1_0000_0000 + view.getUint32(4)
}

/** Row of one bucket and segment; without a segment, the start of the bucket. */
export function bucketKey(kind: number, bucket: number, segment = 0): Buffer {
  const key = Buffer.allocUnsafe(7)
  key[0] = kind
  key.writeUInt16BE(bucket, 1)
  key.writeUInt32BE(segment, 3)
  return key
}

export function segmentKey(kind: number, segment: number): Buffer {
  const key = Buffer.allocUnsafe(5)
  key[0] = kind
  key.writeUInt32BE(segment, 1)
  return key
}

/** Segment number at the end of a bucket's or segment's key. */
export function segmentOf(key: Uint8Array): number {
  return new DataView(key.buffer, key.byteOffset, key.length).getUint32(key.length - 4)
}

export function producerKey(partition: number, producer: string): Buffer {
  const name = Buffer.from(producer)
  const key = Buffer.allocUnsafe(3 + name.length)
  key[0] = kinds.producer
  key.writeUInt16BE(partition, 1)
  key.set(name, 3)
  return key
}

/** Of a replica: what it knows of the shared log of a partition. */
export function replicaKey(partition: number): Buffer {
  const key = Buffer.allocUnsafe(3)
  key[0] = kinds.replica
  key.writeUInt16BE(partition, 1)
  return key
}

/** Where the rows of `meta` begin that belong to the events of a partition, by kind. */
export function rowPrefixes(partition: number): Buffer[] {
  return [kinds.producer, kinds.tenantCount].map(kind => {
    const key = Buffer.allocUnsafe(3)
    key[0] = kind
    key.writeUInt16BE(partition, 1)
    return key
  })
}

/** True for the key of a row of `meta` that belongs to the events of a partition. */
export function isRowOf(partition: number, key: Uint8Array): boolean {
  if (key[0] === kinds.claims) return key.length === 1
  return (key[0] === kinds.producer || key[0] === kinds.tenantCount) && key.length > 3 && ((key[1]! << 8) | key[2]!) === partition
}
