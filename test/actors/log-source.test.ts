/** The sources of pipelines: what they make of the log and of generators, and where they say they are. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GeneratorSource } from '../../actors/generator-source.ts'
import { LogSource } from '../../actors/log-source.ts'
import { EventStoreError } from '../../event/error.ts'
import { pageOf, rowsOf } from '../../operators/page.ts'
import { openNode } from '../../runtime/index.ts'
import { LogReader } from '../../store/log/log-reader.ts'

const ENVELOPE = ['$stream', '$type', '$time', '$recorded', '$version', '$partition', '$sequence', '$id', '$unknown']

test('gives the envelope as readers of events see it, and the wanted fields of each encoding', async () => {
  const node = await openNode({ memory: true, partitions: 3 })
  const stored: Record<string, unknown>[] = []
  await node.appendToStream('a-1', [{ type: 'x', data: { n: 1, more: 'left out' }, id: 'mine', time: 5 }])
  await node.appendToStream('b-1', [{ type: 'y', data: { n: 'two' }, encoding: 'msgpack' }])
  await node.appendToStream('a-1', [{ type: 'x', data: new Uint8Array([1, 2]) }])
  await node.appendToStream('c-1', [{ type: 'z', data: [1] }])
  for await (const event of node.readAll()) {
    const { stream, type, time, recorded, version, partition, sequence, id } = event
    const n = (event.data as { n?: unknown }).n ?? null
    stored.push({
      n,
      $stream: stream,
      $type: type,
      $time: time,
      $recorded: recorded,
      $version: version,
      $partition: partition,
      $sequence: sequence,
      $id: id,
      $unknown: null,
    })
  }
  const { view } = node
  const source = new LogSource({
    plan: { id: 'log', kind: 'log', fields: ['n', ...ENVELOPE] },
    reader: new LogReader(view, { pageRows: 10 }),
    storeId: view.storeId,
    changed: () => Promise.resolve(),
  })
  const page = source.next()!
  assert.equal(rowsOf(page, ['n', ...ENVELOPE]), stored)
  assert.is(stored.length, 4)
  assert.is(source.next(), null)
  assert.not(source.isEnded)
  assert.is(source.position.rows, 4)
  await node.close()
})

const source = (make: unknown, options = {}): GeneratorSource =>
  new GeneratorSource({ id: 'made', reference: './m.ts#make', make, options: { last: 5 }, pageRows: 2, ...options })

const numbers = ({ last }: { last: number }) => ({
  next(rows: number, fromRow: number) {
    const made = Array.from({ length: Math.min(rows, last - fromRow) }, (_, i) => ({ n: fromRow + i }))
    return made.length === 0 ? null : pageOf(made, { order: Float64Array.from(made, ({ n }) => n) })
  },
})

test('a generator gives its pages, and ends', () => {
  const made = source(numbers)
  const seen: unknown[] = []
  for (let page = made.next(); page; page = made.next()) seen.push(rowsOf(page).map(({ n }) => n))
  assert.equal(seen, [[0, 1], [2, 3], [4]])
  assert.ok(made.isEnded)
  assert.is(made.next(), null)
  assert.equal(made.position, { place: null, rows: 5, sequences: {} })
})

test('a generator goes on at the row where the last epoch ended', () => {
  const noted: number[] = []
  const made = source(numbers, { from: { place: null, rows: 3, sequences: {} }, beforeCall: (row: number) => noted.push(row) })
  assert.equal(
    rowsOf(made.next()!).map(({ n }) => n),
    [3, 4],
  )
  assert.is(made.next(), null)
  assert.equal(noted, [3, 5])
})

test('refuses what is no generator', () => {
  for (const make of [undefined, 3, () => ({}), () => undefined]) {
    try {
      source(make)
      assert.unreachable()
    } catch (error) {
      assert.is(error instanceof EventStoreError && error.code, 'INVALID')
    }
  }
})

test.run()
