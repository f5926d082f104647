/** The writer's side of a shard: expectations while the map grows, segments against a dumb index, readers during seals, opening with other limits. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { streamEvents, streamVersion } from '../../../actors/reader.ts'
import type { NewEvent } from '../../../event/event.ts'
import { STORED, WRONG_VERSION } from '../../../event/outcome.ts'
import { partitionOf } from '../../../event/stream-id.ts'
import { isEventStoreError } from '../../../event/error.ts'
import { LogReader } from '../../../store/log/log-reader.ts'
import { WrittenLog } from './writing.ts'

const event = (n: number, more: Partial<NewEvent> = {}): NewEvent => ({ type: 'a', data: n, ...more })
const versionsOf = (log: WrittenLog, stream: string): number[] =>
  [...streamEvents(log.view, stream, {}, true)].map(({ version }) => version)

test('the first append to each of many streams meets "no events yet", also when its slot makes the version map grow', () => {
  const log = new WrittenLog({ limits: { segmentEntries: 50_000 } })
  for (let n = 0; n < 21_000; n++) {
    const outcome = log.append(`s-${n}`, [event(n)], 0)
    assert.is(outcome.status, STORED, `stream ${n} is said to be at ${outcome.version}`)
    assert.is(outcome.version, 1)
    if (n % 500 === 0) log.commit()
  }
  log.commit()
  for (let n = 0; n < 21_000; n += 7) assert.is(log.append(`s-${n}`, [event(n)], 0).status, WRONG_VERSION)
})

test('versions hold when the map lets streams go again and again, and after opening anew', () => {
  const limits = { versionMapStreams: 40, segmentEntries: 64 }
  const log = new WrittenLog({ limits })
  const twin = new Map<string, number>()
  for (let round = 0; round < 60; round++) {
    for (let n = 0; n < 17; n++) {
      const stream = `s-${(round * 7 + n * 5) % 150}`
      const version = twin.get(stream) ?? 0
      assert.is(log.append(stream, [event(n)], version + 1).status, WRONG_VERSION)
      const outcome = log.append(stream, [event(n), event(n)], version)
      assert.equal([outcome.status, outcome.firstVersion, outcome.version], [STORED, version + 1, version + 2], stream)
      twin.set(stream, version + 2)
    }
    log.commit()
    if (round % 20 === 19) log.reopen(limits)
  }
  assert.is(log.log.versions.overflowed, true)
  for (const [stream, version] of twin) assert.is(streamVersion(log.view, stream), version)
})

test('what the tail and the segments say is what a dumb index says, however short the segments, before and after opening anew', () => {
  const streams = Array.from({ length: 12 }, (_, n) => `s-${n}`)
  const groups = fc.array(
    fc.array(fc.record({ stream: fc.constantFrom(...streams), count: fc.integer({ min: 1, max: 70 }), id: fc.boolean() }), {
      minLength: 1,
      maxLength: 6,
    }),
    { minLength: 1, maxLength: 25 },
  )
  fc.assert(
    fc.property(groups, fc.integer({ min: 8, max: 100 }), (list, segmentEntries) => {
      const log = new WrittenLog({ limits: { segmentEntries } })
      const versions = new Map<string, number>()
      const ids = new Map<string, { stream: string; version: number }>()
      const sequences = new Map<number, string[]>()
      for (const group of list) {
        for (const { stream, count, id } of group) {
          const before = versions.get(stream) ?? 0
          const given = id ? `${stream}/${before}` : undefined
          log.append(
            stream,
            Array.from({ length: count }, (_, n) => event(n, n === 0 && given !== undefined ? { id: given } : {})),
          )
          if (given !== undefined) ids.set(given, { stream, version: before + 1 })
          versions.set(stream, before + count)
          const partition = partitionOf(stream, log.partitions)
          const own = sequences.get(partition) ?? []
          for (let n = 1; n <= count; n++) own.push(`${stream} ${before + n}`)
          sequences.set(partition, own)
        }
        log.commit()
      }
      for (const round of [0, 1]) {
        if (round === 1) log.reopen({ segmentEntries })
        assert.equal(log.damage, [])
        for (const stream of streams) {
          const version = versions.get(stream) ?? 0
          assert.is(streamVersion(log.view, stream), version)
          assert.equal(
            versionsOf(log, stream),
            Array.from({ length: version }, (_, n) => n + 1),
          )
          const from = Math.ceil(version / 2)
          assert.equal(
            [...streamEvents(log.view, stream, { from, limit: 3 }, true)].map(each => each.version),
            Array.from({ length: version }, (_, n) => n + 1)
              .filter(n => n >= from)
              .slice(0, 3),
          )
        }
        for (const [partition, own] of sequences) {
          assert.is(log.view.sequenceOf(partition), own.length)
          for (let sequence = 1; sequence <= own.length; sequence += 13) {
            const number = log.view.shards[0]!.segments.blockOf(partition, sequence)
            const block = log.view.block(log.view.shards[0]!, number!)
            const row = sequence - block.firstSequence
            assert.is(`${block.streamOf(row)} ${block.versionAt(row)}`, own[sequence - 1])
          }
          assert.is(log.view.shards[0]!.segments.blockOf(partition, own.length + 1), null)
        }
        for (const [id, { stream, version }] of ids) {
          const { lo, hi } = log.view.idHash.text(id)
          const { blocks } = log.view.shards[0]!.segments.find({ kind: 'id', lo, hi })
          const rows = log.view
            .blocks(log.view.shards[0]!, blocks)
            .flatMap(block => block.rowsOf(stream).filter(row => block.versionAt(row) === version))
          assert.is(rows.length, 1, id)
        }
      }
    }),
    { numRuns: 40, seed: 3 },
  )
})

test('a reader that goes on while segments end under it misses nothing', () => {
  const log = new WrittenLog({ limits: { segmentEntries: 16 } })
  const reader = new LogReader(log.view, { pageRows: 5 })
  const late = new LogReader(log.view, { pageRows: 3 })
  const seen: number[][] = [[], []]
  let n = 0
  const read = (which: LogReader, into: number[], pages: number): void => {
    for (let page = which.next(); page && pages > 0; page = --pages > 0 ? which.next() : null) {
      for (let i = 0; i < page.count; i++) {
        const block = page.blocks[page.block[i]!]!
        into.push(
          JSON.parse(Buffer.from(block.bytes).toString('utf8', block.dataStart(page.row[i]!), block.dataEnd(page.row[i]!))) as number,
        )
      }
    }
  }
  for (let group = 0; group < 200; group++) {
    for (let i = 0; i < 1 + (group % 4); i++) log.append(`s-${(n * 7) % 11}`, [event(n++)])
    log.commit()
    read(reader, seen[0]!, 1000)
    if (group % 3 === 0) read(late, seen[1]!, 1)
  }
  read(late, seen[1]!, 1000)
  for (const numbers of seen)
    assert.equal(
      numbers,
      Array.from({ length: n }, (_, i) => i),
    )
  assert.ok(log.shared.segment > 10)
})

test('a reader is held while a shard with news is opened again, then goes on in order', () => {
  const log = new WrittenLog()
  const reader = new LogReader(log.view, { pageRows: 10 })
  log.append('a', [event(1)])
  log.commit()
  const { segment, tail } = log.shared
  log.shared.restore(segment, tail.baseBlock)
  assert.is(reader.next(), null)
  assert.is(reader.held, true)
  assert.is(reader.head, 0)
  assert.throws(
    () => streamVersion(log.view, 'a'),
    (error: unknown) => isEventStoreError(error, 'BUSY'),
  )
})

test('a store opened with smaller limits than it was written with loses nothing of its index', () => {
  const large = { segmentEntries: 50_000, requestEvents: 10_000 }
  for (const small of [
    { segmentEntries: 8, requestEvents: 5 },
    { segmentEntries: 64, requestEvents: 1 },
    { segmentEntries: 200, requestEvents: 100 },
  ]) {
    const log = new WrittenLog({ limits: large })
    for (let n = 0; n < 1500; n++) {
      log.append(`s-${n % 700}`, [event(n, { id: `i-${n}` })])
      if (n % 2 === 0) log.commit()
    }
    log.commit()
    for (const limits of [small, small, large]) {
      log.reopen(limits)
      assert.equal(log.damage, [])
      for (let n = 0; n < 700; n += 3) {
        assert.equal(versionsOf(log, `s-${n}`), n < 100 ? [1, 2, 3] : [1, 2], `s-${n}`)
        const { lo, hi } = log.view.idHash.text(`i-${n}`)
        assert.is(log.view.shards[0]!.segments.find({ kind: 'id', lo, hi }).blocks.length, 1)
        assert.is(log.append(`s-${n}`, [event(0)], 1).status, WRONG_VERSION)
      }
      log.commit()
    }
    assert.is(log.append('s-1', [event(1)], 3).status, STORED)
  }
})

test.run()
