/** The version map against a Map, through growth and letting go; the Bloom filter; a dump written while versions rise. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BloomFilter } from '../../../store/index/bloom.ts'
import type { ShardColumn } from '../../../store/index/keys.ts'
import { loadVersions, VersionDump } from '../../../store/index/version-dump.ts'
import { VersionMap } from '../../../store/index/version-map.ts'
import { openMemory } from '../../../store/memory.ts'

const never = (): number => {
  throw new Error('nothing was let go, so nothing is looked up')
}

/** Three words of a stream's number; the low bits of `hi`, which pick the slot, are often the same. */
const wordsOf = (n: number): [number, number, number] => [
  (Math.imul(n, 2654435761) | 1) >>> 0,
  ((n % 7) | (Math.imul(n, 40503) << 8)) >>> 0,
  n,
]
const key = (words: readonly number[]): string => words.join('/')

/** Asks for the slot first: making one may replace the arrays. */
function versionOf(map: VersionMap, n: number): number {
  const slot = map.slot(...wordsOf(n))
  return map.versions[slot]!
}

test('versions are those a Map holds, through growth', () => {
  const map = new VersionMap({ streamsMax: 1 << 20, lookup: never, capacity: 16 })
  const twin = new Map<string, number>()
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3000), fc.integer({ min: 1, max: 0xffffffff })), { maxLength: 300 }), changes => {
      for (const [n, version] of changes) {
        const words = wordsOf(n)
        const slot = map.slot(...words)
        assert.is(map.versions[slot], twin.get(key(words)) ?? 0)
        map.versions[slot] = version
        twin.set(key(words), version)
      }
    }),
    { numRuns: 100, seed: 1 },
  )
  for (let n = 0; n <= 3000; n++) assert.is(versionOf(map, n), twin.get(key(wordsOf(n))) ?? 0)
  assert.ok(map.capacity > 1024)
})

test('raise takes the larger, in any order', () => {
  const map = new VersionMap({ streamsMax: 100, lookup: never })
  for (const version of [3, 9, 4]) map.raise(1, 2, 3, version)
  assert.is(map.versions[map.slot(1, 2, 3)], 9)
})

test('a map that let its streams go finds them by the lookup, and new ones without it', () => {
  const twin = new Map<string, number>()
  const asked: string[] = []
  const map = new VersionMap({
    streamsMax: 50,
    capacity: 16,
    lookup: (...words) => {
      asked.push(key(words))
      return twin.get(key(words)) ?? 0
    },
  })
  const rise = (n: number): void => {
    const words = wordsOf(n)
    const slot = map.slot(...words)
    assert.is(map.versions[slot], twin.get(key(words)) ?? 0, `stream ${n}`)
    map.versions[slot] = (twin.get(key(words)) ?? 0) + 1
    twin.set(key(words), map.versions[slot]!)
  }
  let shrunk = 0
  for (let round = 0; round < 20; round++) {
    for (let n = 0; n < 30; n++) rise((round * 17 + n * 3) % 200)
    if (map.shrink()) shrunk++
    assert.ok(map.size < 50)
  }
  assert.ok(shrunk > 3)
  assert.is(map.overflowed, true)
  assert.ok(asked.length > 0)
  const before = asked.length
  for (let n = 10_000; n < 10_040; n++) map.slot(...wordsOf(n))
  assert.ok(asked.length - before < 10, 'the filter spares nearly all look-ups of new streams')
})

test('a stream that is only known to exist is looked up', () => {
  const map = new VersionMap({ streamsMax: 1, lookup: () => 42 })
  map.slot(1, 1, 1)
  map.shrink()
  map.known(7, 8)
  assert.is(map.versions[map.slot(7, 8, 9)], 42)
})

test('a Bloom filter never denies what was added, and seldom confirms what was not; its bytes are all of it', () => {
  for (const items of [1, 10, 1000, 20_000]) {
    const filter = new BloomFilter(items)
    for (let n = 0; n < items; n++) filter.add(...(wordsOf(n).slice(0, 2) as [number, number]))
    const again = new BloomFilter(0, filter.bytes.slice())
    for (let n = 0; n < items; n++) assert.ok(again.has(...(wordsOf(n).slice(0, 2) as [number, number])))
    let wrong = 0
    for (let n = 0; n < 10_000; n++) if (again.has(Math.imul(n + 1, 0x9e3779b1) >>> 0, Math.imul(n + 77, 0x85ebca6b) >>> 0)) wrong++
    assert.ok(wrong < 300, `${wrong} of 10,000 at ${items}`)
  }
})

const open = (): ReturnType<typeof openMemory<ShardColumn>> =>
  openMemory<ShardColumn>({ columns: { log: 'rising', index: 'scattered', meta: 'small' } })

test('a dump that takes many commits, while versions rise and the map grows, loads to at least what stood when it began and at most what stands', () => {
  const kv = open()
  const map = new VersionMap({ streamsMax: 1 << 20, lookup: never, capacity: 1 << 18 })
  const raise = (n: number, version: number): void => map.raise(...wordsOf(n), version)
  for (let n = 0; n < 5000; n++) raise(n, 1 + (n % 5))
  const dump = new VersionDump(0)
  dump.begin(7)
  let steps = 0
  while (dump.active) {
    const batch = kv.batch()
    dump.step(batch, map)
    kv.write(batch, { sync: false })
    for (let n = 0; n < 5000; n += 7) raise(n, 10 + ++steps)
    if (steps === 1) for (let n = 5000; n < 160_000; n++) raise(n, 3)
  }
  const loaded = new VersionMap({ streamsMax: 1 << 20, lookup: never })
  assert.equal(loadVersions(kv, loaded), { fromSegment: 7, generation: 1 })
  for (let n = 0; n < 5000; n++) {
    const version = versionOf(loaded, n)
    assert.ok(version >= 1 + (n % 5) && version <= versionOf(map, n), `stream ${n}: ${version}`)
  }
})

test('until a dump is whole the one before holds, whatever was written over', () => {
  const kv = open()
  const map = new VersionMap({ streamsMax: 1 << 20, lookup: never, capacity: 1 << 17 })
  const step = (dump: VersionDump): void => {
    const batch = kv.batch()
    dump.step(batch, map)
    kv.write(batch, { sync: false })
  }
  const load = (): { fromSegment: number; version: number } => {
    const loaded = new VersionMap({ streamsMax: 1 << 20, lookup: never })
    const { fromSegment } = loadVersions(kv, loaded)
    return { fromSegment, version: versionOf(loaded, 1) }
  }
  assert.equal(load(), { fromSegment: 0, version: 0 })
  let dump = new VersionDump(0)
  for (const round of [1, 2, 3]) {
    map.raise(...wordsOf(1), round)
    dump.begin(round)
    step(dump)
    assert.equal(load(), { fromSegment: round - 1, version: round - 1 })
    if (round === 2) {
      // The process dies in the middle; the next one begins anew.
      const { generation } = loadVersions(kv, new VersionMap({ streamsMax: 10_000, lookup: never }))
      dump = new VersionDump(generation)
      dump.begin(round)
    }
    while (dump.active) step(dump)
    assert.equal(load(), { fromSegment: round, version: round })
  }
})

test.run()
