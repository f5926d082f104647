/** Damaged write-ahead files, witnesses and shards: refused and named; with acceptLoss, what is whole is saved and what is lost is listed. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Event } from '../../event/event.ts'
import type { LogDamage } from '../../store/damage/accepted-losses.ts'
import { blockKey, kinds, type ShardColumn } from '../../store/index/keys.ts'
import { lastSegment } from '../../store/index/segment.ts'
import { openRocks } from '../../store/rocks.ts'
import { checkWriteAhead } from '../../store/damage/write-ahead.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { failure, fill, flipBit, layout, onCopy, readAll, withNode, writeAheadFile } from './stores.ts'

const made = mkdtempSync(join(tmpdir(), 'allsource-losses-'))
let before: Event[] = []

test.before(async () => {
  // Opened once only: opening again would move what lies in the write-ahead files elsewhere.
  await withNode({ directory: made, ...layout }, async node => {
    await fill(node, 200)
    before = await readAll(node)
  })
})

test.after(() => rmSync(made, { recursive: true, force: true }))

const placeOf = ({ partition, sequence }: Event): string => `${partition}/${sequence}`

/** Every sequence of every partition is an event as it was, or named as lost. */
function expectAccounted(after: readonly Event[], lost: readonly LogDamage[]): number {
  const found = new Map(after.map(event => [placeOf(event), event]))
  let missing = 0
  for (const event of before) {
    const read = found.get(placeOf(event))
    if (read) assert.equal(read, event)
    else {
      missing++
      const isNamed = lost.some(
        ({ partition, sequences }) => partition === event.partition && sequences![0] <= event.sequence && event.sequence <= sequences![1],
      )
      assert.ok(isNamed, `${placeOf(event)} is neither there nor named`)
    }
  }
  return missing
}

const lostOf = async (node: Node): Promise<LogDamage[]> => (await node.stats()).damage.filter(({ sequences }) => sequences !== undefined)

test('a damaged write-ahead file is refused and nothing is changed', () =>
  onCopy(made, async directory => {
    const file = writeAheadFile(join(directory, 'shard-00'))
    flipBit(file, statSync(file).size >> 1)
    const bytes = readFileSync(file)
    const { details } = await failure('DAMAGED', () => openNode({ directory }))
    assert.is(details['file'], file)
    assert.ok(readFileSync(file).equals(bytes))
    assert.not.ok(existsSync(join(directory, 'quarantine')))
  }))

test('with acceptLoss the rest comes back, the loss is listed, and numbers are not given twice', () =>
  onCopy(made, async directory => {
    const file = writeAheadFile(join(directory, 'shard-00'))
    const harmed = statSync(file).size >> 1
    flipBit(file, harmed)
    const bytes = readFileSync(file)
    let lost: LogDamage[] = []
    await withNode({ directory, ...layout, acceptLoss: true }, async node => {
      lost = await lostOf(node)
      const after = await readAll(node)
      const missing = expectAccounted(after, lost)
      assert.ok(missing > 0 && missing < 5, `${missing} are missing`)
      await fill(node, 20, 1000)
    })
    const [folder] = readdirSync(join(directory, 'quarantine'))
    const kept = join(directory, 'quarantine', folder!)
    assert.ok(readFileSync(join(kept, file.slice(-10))).equals(bytes), 'the file lies in quarantine as it was found')
    const report = JSON.parse(readFileSync(join(kept, 'lost.json'), 'utf8')) as { lost: LogDamage[] }
    assert.equal(
      report.lost.filter(({ sequences }) => sequences),
      lost,
    )
    await withNode({ directory, ...layout }, async node => {
      const after = await readAll(node)
      expectAccounted(after, lost)
      assert.is(after.filter(({ data }) => (data as { n: number }).n >= 1000).length, 20)
      const { damage, accepted } = await node.verify()
      assert.equal(damage, [])
      assert.ok(accepted.length > 0)
      assert.equal((await node.stats()).damage, [])
      await readEachWay(node, after)
    })
  }))

/** Streams, ids and versions say the same as the log. */
async function readEachWay(node: Node, events: readonly Event[]): Promise<void> {
  for (const event of events) {
    assert.equal(await node.readEvent(event.id), event)
    const [read] = await collect(node, event.stream, event.version)
    assert.equal(read, event)
  }
}

async function collect(node: Node, stream: string, from: number): Promise<Event[]> {
  const events: Event[] = []
  for await (const event of node.readStream(stream, { from, limit: 1 }) as AsyncIterable<Event>) events.push(event)
  return events
}

test('newest files that are missing are refused by the witness, and their numbers are not given again', () =>
  onCopy(made, async directory => {
    const database = join(directory, 'shard-01')
    const file = writeAheadFile(database)
    const half = statSync(file).size >> 1
    truncateSync(file, half)
    // A cut looks like a torn tail: only the witness can tell.
    assert.is.not(checkWriteAhead(database).verdict, 'damaged')
    const { details } = await failure('DAMAGED', () => openNode({ directory }))
    const [first, last] = details['sequences'] as [number, number]
    const partition = details['partition'] as number
    assert.ok(first <= last)
    await withNode({ directory, ...layout, acceptLoss: true }, async node => {
      const lost = await lostOf(node)
      expectAccounted(await readAll(node), lost)
      await fill(node, 40, 2000)
    })
    await withNode({ directory, ...layout }, async node => {
      const newer = (await readAll(node)).filter(event => (event.data as { n: number }).n >= 2000)
      assert.is(newer.length, 40)
      for (const event of newer) if (event.partition === partition) assert.ok(event.sequence > last, `${event.sequence} was given before`)
      assert.equal((await node.verify()).damage, [])
    })
  }))

test('a loss at the end is accepted once, also when nothing is written after it', () =>
  onCopy(made, async directory => {
    const file = writeAheadFile(join(directory, 'shard-01'))
    truncateSync(file, statSync(file).size >> 1)
    let lost: LogDamage[] = []
    await withNode({ directory, ...layout, acceptLoss: true }, async node => {
      lost = await lostOf(node)
    })
    for (let open = 0; open < 2; open++) {
      await withNode({ directory, ...layout }, async node => {
        expectAccounted(await readAll(node), lost)
        assert.equal((await node.verify()).damage, [])
      })
    }
  }))

test('an index that is ahead of its log is noticed, and made anew by acceptLoss', () =>
  onCopy(made, async directory => {
    const shard = await openRocks<ShardColumn>(join(directory, 'shard-00'), {
      columns: { log: 'rising', index: 'scattered', meta: 'small' },
    })
    const { blocks, baseBlock } = lastSegment(shard, 2)!
    shard.deleteRange('log', blockKey(baseBlock + blocks - 10), blockKey(1e9))
    await shard.close()
    await failure('DAMAGED', () => openNode({ directory }))
    let lost: LogDamage[] = []
    await withNode({ directory, ...layout, acceptLoss: true }, async node => {
      lost = await lostOf(node)
      const missing = expectAccounted(await readAll(node), lost)
      assert.ok(missing >= 10, `${missing} are missing`)
      await fill(node, 20, 4000)
    })
    await withNode({ directory, ...layout }, async node => {
      const after = await readAll(node)
      expectAccounted(after, lost)
      await readEachWay(node, after)
      assert.equal((await node.verify()).damage, [])
    })
  }))

for (const [what, kind] of [
  ['streams', kinds.stream],
  ['ids', kinds.id],
] as const) {
  test(`a row of the index of ${what} that is gone is named by verify`, () =>
    onCopy(made, async directory => {
      const shard = await openRocks<ShardColumn>(join(directory, 'shard-00'), {
        columns: { log: 'rising', index: 'scattered', meta: 'small' },
      })
      const [key] = shard.scan('index', { gte: Uint8Array.of(kind), lt: Uint8Array.of(kind + 1), limit: 1 }).keys
      const batch = shard.batch()
      batch.delete('index', key!)
      shard.write(batch, { sync: false })
      await shard.close()
      await withNode({ directory, ...layout }, async node => {
        const { damage } = await node.verify()
        assert.is(damage.length, 1)
        assert.match(damage[0]!.reason, what)
      })
    }))
}

for (const [name, harm] of Object.entries<(file: string) => void>({
  missing: file => rmSync(file),
  damaged: file => {
    flipBit(file, 30)
    flipBit(file, 64 * 1024 + 30)
  },
})) {
  test(`a witness that is ${name} is gone without by acceptLoss, and made again`, () =>
    onCopy(made, async directory => {
      harm(join(directory, 'witness-01'))
      await failure('DAMAGED', () => openNode({ directory }))
      await withNode({ directory, ...layout, acceptLoss: true }, async node => assert.equal(await readAll(node), before))
      await withNode({ directory, ...layout }, async node => assert.equal(await readAll(node), before))
    }))
}

test('a shard that is missing is empty after acceptLoss, and its numbers go on', () =>
  onCopy(made, async directory => {
    rmSync(join(directory, 'shard-00'), { recursive: true })
    await withNode({ directory, ...layout, acceptLoss: true }, async node => {
      const missing = expectAccounted(await readAll(node), await lostOf(node))
      assert.is(missing, before.filter(({ partition }) => partition % 2 === 0).length)
      await fill(node, 20, 3000)
    })
    await withNode({ directory, ...layout }, async node => {
      const places = new Set(before.map(placeOf))
      const newer = (await readAll(node)).filter(event => (event.data as { n: number }).n >= 3000)
      assert.is(newer.length, 20)
      for (const event of newer) assert.not.ok(places.has(placeOf(event)), `${placeOf(event)} was given before`)
      assert.equal((await node.verify()).damage, [])
    })
  }))

test('a damaged state is kept aside with acceptLoss and made anew', () =>
  onCopy(made, async directory => {
    const current = join(directory, 'state', 'CURRENT')
    flipBit(current, 3)
    await failure('DAMAGED', () => openNode({ directory }))
    await withNode({ directory, ...layout, acceptLoss: true }, async node => {
      assert.equal(await readAll(node), before)
      assert.is((await node.stats()).damage.length, 1)
    })
    assert.is(readdirSync(join(directory, 'quarantine')).length, 1)
    await withNode({ directory, ...layout }, async node => assert.equal((await node.stats()).damage, []))
  }))

test.run()
