/** The sources of pipelines: what they make of the log and of generators, and where they say they are. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { REPLAYED } from '../../actors/dead-letter.ts'
import { GeneratorSource } from '../../actors/generator-source.ts'
import { LogSource } from '../../actors/log-source.ts'
import { EventStoreError } from '../../event/error.ts'
import type { PulledPage } from '../../actors/source.ts'
import { aliveRows, pageOf, rowsOf } from '../../operators/page.ts'
import { openNode } from '../../runtime/index.ts'
import { LogReader } from '../../store/log/log-reader.ts'
import type { LogSource as LogSourcePlan } from '../../topology/plan.ts'
import { StandInLog, standInReplays, stampAt } from './pipeline-stand-ins.ts'

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

test('of the pages of a generator only the columns go on that are wanted', () => {
  const make = () => ({
    next: (_: number, from: number) => (from > 0 ? null : pageOf([{ a: 1, b: 2, c: 3 }], { order: Float64Array.of(0) })),
  })
  const columnsWith = (fields: readonly string[]): string[] => [...(source(make, { fields }).next()?.columns.keys() ?? [])]
  assert.equal(columnsWith(['c', 'missing', 'a']), ['c', 'a'])
  assert.equal(columnsWith(['*', '$id']), ['a', 'b', 'c'])
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

/** Pages of a source over what the stand-in log holds. */
function pagesOf(log: StandInLog, pageRows: number, plan: Partial<LogSourcePlan> = {}): { source: LogSource; pages: PulledPage[] } {
  const source = new LogSource({
    plan: { id: 'log', kind: 'log', fields: ['n'], ...plan },
    reader: log.reader(0, pageRows),
    replays: standInReplays,
    storeId: 'stand-in',
    changed: () => Promise.resolve(),
  })
  const pages: PulledPage[] = []
  for (let page = source.next(); page; page = source.next()) pages.push(page)
  return { source, pages }
}

const numbersIn = (page: PulledPage, rows: Int32Array): unknown[] => rowsOf({ ...page, selection: rows }, ['n']).map(({ n }) => n)

test('each tap has the rows it wants by type and category, and unreadable rows only count for who wants them', () => {
  const log = new StandInLog()
  const streams = ['a-1', 'b-1', 'a-{1}-x', 'c']
  for (let n = 0; n < 24; n++) log.add({ n }, 'json', { stream: streams[n % 4]!, type: n % 3 === 0 ? 'x' : 'y' })
  log.add(Buffer.from('{"n":'), 'json', { stream: 'a-2', type: 'x' })
  log.add(Buffer.from('{"n":'), 'json', { stream: 'c', type: 'z' })
  const taps = [
    { port: 'as', categories: ['a'] },
    { port: 'x-of-b', types: ['x'], categories: ['b', 'a'] },
    { port: 'xs', types: ['x'] },
  ]
  for (const pageRows of [1, 5, 4096]) {
    const { source, pages } = pagesOf(log, pageRows, { taps })
    const seen = new Map<string, unknown[]>()
    for (const page of pages)
      for (const { port, selection } of page.taps ?? [])
        seen.set(port, [...(seen.get(port) ?? []), ...numbersIn(page, selection ?? aliveRows(page))])
    const numbers = Array.from({ length: 24 }, (_, n) => n)
    assert.equal([...seen], [
      ['as', numbers.filter(n => n % 2 === 0)],
      ['x-of-b', numbers.filter(n => n % 3 === 0 && n % 4 !== 3)],
      ['xs', numbers.filter(n => n % 3 === 0)],
    ]) // prettier-ignore
    assert.equal(source.position.rows, numbers.filter(n => n % 2 === 0 || n % 3 === 0).length + 1)
    const alive = pages.flatMap(page => numbersIn(page, aliveRows(page)))
    assert.equal(alive, numbers.filter(n => n % 2 === 0 || n % 3 === 0)) // prettier-ignore
  }
})

test('cuts pages at replays of its own deployment, and passes over those of others', () => {
  const log = new StandInLog()
  const replay = (more: object): void =>
    log.add({ letter: 3, step: 's', input: 1, row: { n: 'again' }, deployment: 1, attempt: 2, ...more }, 'json', {
      stream: standInReplays.stream,
      type: REPLAYED,
    })
  for (let n = 0; n < 12; n++) {
    if (n === 2) replay({ eventTime: 70, key: ['n'], row: { n: 'again', deep: { list: [1] }, ['__proto__']: 'odd' } })
    else if (n === 6) replay({ deployment: 2 })
    else if (n === 10) log.add({ n }, 'json', { stream: standInReplays.stream, type: 'dead-letter.discarded' })
    else log.add({ n })
  }
  for (const pageRows of [1, 3, 4096]) {
    const { source, pages } = pagesOf(log, pageRows)
    const replays = pages.filter(page => page.replay)
    assert.equal(
      replays.map(({ replay, input, order, eventTime, watermark, key }) => [replay, input, [...order], eventTime?.[0], watermark, key]),
      [[{ step: 's', input: 1 }, 1, [stampAt(2)], 70, undefined, ['n']]],
    )
    assert.equal(rowsOf(replays[0]!)[0]!['deep'], { list: [1] })
    assert.is(replays[0]!.columns.get('__proto__')?.kind, 'text')
    const others = pages.filter(page => !page.replay)
    assert.equal(others.flatMap(page => numbersIn(page, aliveRows(page))), [0, 1, 3, 4, 5, 7, 8, 9, 10, 11]) // prettier-ignore
    assert.ok(pages.every((page, at) => at === 0 || page.order[0]! > pages[at - 1]!.order.at(-1)!))
    assert.equal([source.position.rows, source.position.place?.stamp], [10, stampAt(11)])
    assert.equal(source.position.sequences, { 0: 3, 1: 3, 2: 3, 3: 3 })
  }
})

test('says where a row that comes back was from, and begins anew behind it', () => {
  const log = new StandInLog()
  const from = { position: '0.5.0.1', stream: 'was', type: 'old', payload: { all: 1 } }
  for (let n = 0; n < 3; n++)
    if (n === 2)
      log.add({ letter: 3, step: 's', input: 0, row: {}, deployment: 1, attempt: 2, ...from }, 'json', {
        ...standInReplays,
        type: REPLAYED,
      })
    else log.add({ n })
  const options = {
    plan: { id: 'log', kind: 'log' as const, fields: ['n'] },
    replays: standInReplays,
    storeId: 's',
    changed: () => Promise.resolve(),
  }
  const first = new LogSource({ ...options, reader: log.reader(0, 10) })
  assert.is(first.next()?.count, 2)
  const { position } = first
  assert.is(first.originOf(stampAt(1))?.stream, 'in-1')
  assert.is(first.originOf(stampAt(2)), undefined)
  assert.ok(first.next()?.replay)
  assert.equal(first.originOf(stampAt(2))?.replay?.stream, 'was')
  const second = new LogSource({ ...options, reader: log.reader(2, 10), from: position })
  assert.ok(second.next()?.replay)
  assert.equal(second.position, first.position)
})

test.run()
