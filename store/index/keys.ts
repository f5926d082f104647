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
