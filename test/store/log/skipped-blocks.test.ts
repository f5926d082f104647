/** A reader that skips what the index says holds nothing gives exactly what looking at everything gives, and reads less. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../../event/error.ts'
import { blockKey, kinds, segmentKey, bucketKey } from '../../../store/index/keys.ts'
import { LogReader, type LogReaderOptions } from '../../../store/log/log-reader.ts'
import { scavengeShard } from '../../../store/log/scavenge.ts'
import { verifyShard } from '../../../store/log/verify.ts'
import { dumbAnswer, groups, type LoggedEvent, optionsOf, placesOf, question, write } from './random-log.ts'
import { WrittenLog } from './writing.ts'

function verified(log: WrittenLog): string[] {
  const walk = verifyShard(log.kv, log.shared)
  for (;;) {
    const step = walk.next()
    if (step.done) return step.value.damage.map(({ reason }) => reason)
  }
}

/** Blocks that were looked into while `work` ran. */
function blocksRead({ view }: WrittenLog, work: () => void): number {
  let count = 0
  const blocks = view.blocks.bind(view)
  view.blocks = (shard, numbers) => {
    count += numbers.length
    return blocks(shard, numbers)
  }
  try {
    work()
  } finally {
    view.blocks = blocks
  }
  return count
}

test('equals the dumb answer and the scan, however short the segments, both ways, from every place, before and after opening anew', () => {
  const limits = fc.record({ segmentEntries: fc.integer({ min: 8, max: 120 }), requestEvents: fc.constantFrom(12, 10_000) })
  const property = fc.property(
    groups,
    fc.array(question, { minLength: 4, maxLength: 12 }),
    limits,
    limits,
    fc.boolean(),
    (list, questions, first, second, closes) => {
      const log = new WrittenLog({ limits: first, closes })
      const all: LoggedEvent[] = []
      for (const group of list) write(log, group, all)
      for (const round of [0, 1]) {
        if (round === 1) log.reopen(second)
        assert.equal(log.damage, [])
        for (const asked of questions) {
          const options = optionsOf(asked, all)
          const wanted = dumbAnswer(all, options)
          assert.equal(placesOf(new LogReader(log.view, options)), wanted)
          assert.equal(placesOf(new LogReader(log.view, { ...options, scan: true })), wanted)
        }
        assert.equal(verified(log), [])
      }
    },
  )
  fc.assert(property, { seed: 11, numRuns: 120 })
})

test('readers that go on while segments end under them miss nothing and see nothing twice', () => {
  const property = fc.property(
    groups,
    fc.array(question, { minLength: 1, maxLength: 5 }),
    fc.integer({ min: 8, max: 60 }),
    (list, questions, segmentEntries) => {
      const log = new WrittenLog({ limits: { segmentEntries, requestEvents: 12 } })
      const all: LoggedEvent[] = []
      const followed = questions.map(({ scope, types, categories, tags, correlation, also, pageRows }) => {
        const options: LogReaderOptions = { scope, types, categories, tags, correlation, also, pageRows }
        return { options, reader: new LogReader(log.view, options), seen: [] as string[] }
      })
      for (const group of list) {
        write(log, group, all)
        for (const { reader, seen } of followed) seen.push(...placesOf(reader))
      }
      for (const { options, reader, seen } of followed) {
        assert.equal(seen, dumbAnswer(all, options))
        assert.is(reader.head, log.horizon.stamp, 'what nothing passes is passed over')
      }
    },
  )
  fc.assert(property, { seed: 12, numRuns: 120 })
})

/** One event in a hundred is rare by all that can be asked for; each is in a block of its own. */
function filled(segmentEntries: number): WrittenLog {
  const log = new WrittenLog({ limits: { segmentEntries } })
  for (let n = 0; n < 1000; n++) {
    const isRare = n % 100 === 50
    log.append(`${isRare ? 'rare' : 'plain'}-${n % 10}`, [
      { type: isRare ? 'seldom' : 'often', data: n, ...(isRare && { tags: ['one'], metadata: { $correlationId: 'c' } }) },
    ])
    log.commit()
  }
  return log
}

const rare: readonly Omit<LogReaderOptions, 'pageRows'>[] = [
  { types: ['seldom'] },
  { categories: ['rare'] },
  { tags: ['one'] },
  { correlation: ['c'] },
  { types: ['seldom', 'never'], categories: ['rare'], tags: ['one'], correlation: ['never', 'c'] },
]

test('only blocks that hold what is asked for are read, from segments and from the tail', () => {
  for (const segmentEntries of [64, 100_000]) {
    const log = filled(segmentEntries)
    assert.is(log.shared.segment > 5, segmentEntries === 64)
    for (const options of rare) {
      for (const backwards of [false, true]) {
        const blocks = blocksRead(log, () =>
          assert.is(placesOf(new LogReader(log.view, { ...options, backwards, pageRows: 7 })).length, 10),
        )
        assert.is(blocks, 10, JSON.stringify(options))
      }
    }
    const never = { types: ['often'], tags: ['one'], pageRows: 7 }
    assert.is(
      blocksRead(log, () => assert.equal(placesOf(new LogReader(log.view, never)), [])),
      0,
    )
  }
})

test('blocks outside of the time asked for are not read', () => {
  const log = filled(64)
  const [since, upTo] = [4096 + 300, 4096 + 400]
  for (const backwards of [false, true]) {
    const blocks = blocksRead(log, () => assert.is(placesOf(new LogReader(log.view, { since, upTo, backwards, pageRows: 7 })).length, 100))
    assert.ok(blocks <= 103, `${blocks} blocks`)
  }
  const after = { stamp: 4096 + 300, partition: 0, sequence: 0 }
  const reader = new LogReader(log.view, { after, backwards: true, pageRows: 5 })
  assert.ok(blocksRead(log, () => assert.is(reader.next()!.count, 5)) < 40, 'a page backwards from the middle reads no more than it must')
})

test('segments without terms, as an earlier version wrote them, are read block by block', () => {
  const log = filled(64)
  const batch = log.kv.batch()
  for (const segment of [0, 3, 4]) {
    batch.delete('index', segmentKey(kinds.termsHead, segment))
    for (let bucket = 0; bucket < 4096; bucket++) batch.delete('index', bucketKey(kinds.term, bucket, segment))
  }
  log.kv.write(batch, { sync: false })
  log.reopen({ segmentEntries: 64 })
  assert.equal(verified(log), [])
  for (const options of rare) {
    const blocks = blocksRead(log, () => assert.is(placesOf(new LogReader(log.view, { ...options, pageRows: 7 })).length, 10))
    assert.ok(blocks > 20 && blocks < 400, `${blocks} blocks`)
  }
})

test('an event with more tags than there is room for is found, and so is every other', () => {
  const log = new WrittenLog({ limits: { segmentEntries: 16, requestEvents: 8 } })
  const tags = (n: number): string[] => Array.from({ length: 60 }, (_, i) => `t-${n}-${i}`)
  for (let n = 0; n < 12; n++) {
    for (let i = 0; i < 8; i++) log.append(`s-${i}`, [{ type: 'a', data: 1, tags: tags(n * 8 + i) }])
    log.commit()
  }
  for (const round of [0, 1]) {
    if (round === 1) log.reopen({ segmentEntries: 16, requestEvents: 8 })
    assert.equal(verified(log), [])
    for (let n = 0; n < 96; n += 5) assert.is(placesOf(new LogReader(log.view, { tags: [`t-${n}-59`, `t-${n}-0`], pageRows: 7 })).length, 1)
  }
})

test('a small tenant reads its own blocks only; once it is dropped nothing is found, and verify has nothing to say', () => {
  for (const segmentEntries of [64, 100_000]) {
    const log = new WrittenLog({ limits: { segmentEntries } })
    const scope = '\0acme\0'
    for (let n = 0; n < 600; n++) {
      log.append(n % 60 === 0 ? `${scope}order-${n}` : `order-${n % 7}`, [{ type: 'placed', data: n, tags: ['vip'] }])
      log.commit()
    }
    const read = (which: string): number => placesOf(new LogReader(log.view, { scope: which, tags: ['vip'], pageRows: 7 })).length
    assert.is(
      blocksRead(log, () => assert.is(read(scope), 10)),
      10,
    )
    assert.is(
      blocksRead(log, () => assert.is(read(''), 590)),
      590,
    )
    for (const walk = scavengeShard(log.log, scope); !walk.next().done;);
    for (const round of [0, 1]) {
      if (round === 1) log.reopen({ segmentEntries: 64 })
      assert.is(read(scope), 0)
      assert.is(read(''), 590)
      assert.equal(verified(log), [])
    }
  }
})

test('verify names a segment whose terms are not those of its blocks', () => {
  const log = filled(64)
  const { keys } = log.kv.scan('index', { gte: bucketKey(kinds.term, 0), lt: bucketKey(kinds.term, 4096) })
  const batch = log.kv.batch()
  batch.delete('index', keys[0]!)
  log.kv.write(batch, { sync: false })
  assert.match(verified(log).join('\n'), /segment \d+ has \d+ terms, of \d+ that were written/)
  const head = log.kv.batch()
  head.delete('index', segmentKey(kinds.termsHead, 2))
  log.kv.write(head, { sync: false })
  assert.match(verified(log).join('\n'), /segment 2 has \d+ terms and nothing that tells of them/)
})

test('a block that is lost or damaged is met by whom it concerns: who asks for what it can not hold reads on', () => {
  const log = filled(64)
  const plain = 120
  const rareBlock = 250
  const batch = log.kv.batch()
  batch.delete('log', blockKey(plain))
  batch.put('log', blockKey(rareBlock), new Uint8Array(100))
  log.kv.write(batch, { sync: false })
  const isDamaged = (error: unknown): boolean => isEventStoreError(error, 'DAMAGED')
  assert.throws(() => placesOf(new LogReader(log.view, { types: ['often'], pageRows: 7 })), isDamaged)
  assert.throws(() => placesOf(new LogReader(log.view, { tags: ['one'], pageRows: 7 })), isDamaged)
  const reader = new LogReader(log.view, { tags: ['one'], upTo: 4096 + 120, pageRows: 7 })
  assert.is(placesOf(reader).length, 1, 'the block at 120 holds no such event')
})

test('losses at the end of the log are skipped the same way with and without the index', () => {
  const log = filled(100_000)
  const batch = log.kv.batch()
  for (const number of [150, 500, 777]) batch.delete('log', blockKey(number))
  log.kv.write(batch, { sync: false })
  log.reopen({ segmentEntries: 64 })
  assert.ok(log.damage.length > 0)
  for (const options of [...rare, { types: ['often'] }, {}]) {
    for (const backwards of [false, true]) {
      const places = placesOf(new LogReader(log.view, { ...options, backwards, pageRows: 7, scan: true }))
      assert.equal(placesOf(new LogReader(log.view, { ...options, backwards, pageRows: 7 })), places)
      assert.ok(places.length >= 8)
    }
  }
})

test.run()
