/** Pages on their way between threads: what is unpacked is what was gathered, whatever columns, selections and dictionaries there are. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type PackedFlow, PagePacker, PageUnpacker } from '../../../actors/lanes/packed-page.ts'
import { valueAt } from '../../../operators/columns.ts'
import type { Column, Flow, Page } from '../../../operators/flow.ts'
import { gather } from '../../../operators/page.ts'

const text = fc.constantFrom('', 'a', 'é', '\u{1f6eb}', '\ud800', 'a longer text that stands for itself')
const other = fc.constantFrom<unknown>(null, 1, 'a', [1, 'x'], { deep: { er: 1 } }, new Date(5), 7n, Uint8Array.of(1, 2), NaN)

/** Dictionaries that pages share and that grow from page to page, as a source has them. */
const dictionaries = Array.from({ length: 300 }, (): string[] => [])

function codeOf(dictionary: string[], value: string): number {
  const known = dictionary.indexOf(value)
  return known < 0 ? dictionary.push(value) - 1 : known
}

type MakeColumn = (count: number) => fc.Arbitrary<Column>
const rowsOf = <Item>(item: fc.Arbitrary<Item>, count: number): fc.Arbitrary<Item[]> =>
  fc.array(item, { minLength: count, maxLength: count })

const kinds: readonly MakeColumn[] = [
  count => rowsOf(fc.double(), count).map(values => ({ kind: 'number', values: Float64Array.from(values) })),
  count =>
    rowsOf(fc.tuple(fc.double(), fc.boolean()), count).map(rows => ({
      kind: 'number',
      values: Float64Array.from(rows, ([value]) => value),
      nulls: Uint8Array.from(rows, ([, isNull]) => Number(isNull)),
    })),
  count => rowsOf(fc.constantFrom(0, 1, 2), count).map(values => ({ kind: 'boolean', values: Uint8Array.from(values) })),
  count => rowsOf(other, count).map(values => ({ kind: 'value', values })),
  count =>
    fc.tuple(rowsOf(fc.option(text), count), fc.nat({ max: dictionaries.length - 1 })).map(([values, at]) => {
      const dictionary = dictionaries[at] as string[]
      return { kind: 'text', codes: Int32Array.from(values, value => (value === null ? -1 : codeOf(dictionary, value))), dictionary }
    }),
  count =>
    rowsOf(fc.option(text), count).map(values => {
      const start = values.map((_, at) => 1 + values.slice(0, at).reduce((sum, value) => sum + (value ?? '').length, 0))
      const length = Int32Array.from(values, value => (value === null ? -1 : value.length))
      return { kind: 'slice', pool: `-${values.join('')}-`, start: Int32Array.from(start), length }
    }),
]

const column = (count: number): fc.Arbitrary<Column> => fc.oneof(...kinds.map(make => make(count)))

const page: fc.Arbitrary<Page> = fc.nat({ max: 9 }).chain(count => {
  const floats = rowsOf(fc.constantFrom(-Infinity, -0, 1, 2.5, Infinity, NaN), count).map(values => Float64Array.from(values))
  return fc
    .record({
      columns: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', '__proto__'), column(count)), { maxLength: 4 }),
      order: floats,
      input: fc.nat({ max: 1 }),
      port: fc.constantFrom('main', 'late'),
      eventTime: fc.option(floats),
      watermark: fc.option(floats),
      rank: fc.option(floats),
      tie: fc.option(fc.tuple(floats, fc.array(column(count), { maxLength: 2 }))),
      key: fc.option(fc.constantFrom<readonly string[]>([], ['a'])),
      alive: fc.option(rowsOf(fc.boolean(), count)),
    })
    .map(({ columns, eventTime, watermark, rank, tie, key, alive, ...rest }) => ({
      kind: 'page',
      count,
      columns: new Map(columns),
      ...rest,
      ...(eventTime && { eventTime }),
      ...(watermark && { watermark }),
      ...(rank && { rank }),
      ...(tie && { tie: { time: tie[0], key: tie[1] } }),
      ...(key && { key }),
      ...(alive && { selection: Int32Array.from(alive.keys()).filter(row => alive[row] === true) }),
    }))
})

/** All that a page says of its rows, whatever arrays it says it with. */
function shown({ columns, tie, order, eventTime, watermark, rank, ...rest }: Page): unknown {
  const values = (one: Column): unknown[] => Array.from({ length: rest.count }, (_, row) => valueAt(one, row))
  return {
    ...rest,
    columns: Array.from(columns, ([name, one]) => [name, values(one)]),
    tie: tie && [[...tie.time], tie.key.map(values)],
    floats: [order, eventTime, watermark, rank].map(list => list && [...list]),
  }
}

const sent = (packer: PagePacker, unpacker: PageUnpacker, flow: Flow): Flow => {
  const transfer: ArrayBuffer[] = []
  const packed = packer.pack(flow, transfer)
  return unpacker.unpack(structuredClone<PackedFlow>(packed, { transfer }))
}

test('what is unpacked is what was gathered', () => {
  const packer = new PagePacker()
  const unpacker = new PageUnpacker()
  const property = fc.property(page, one => assert.equal(shown(sent(packer, unpacker, one) as Page), shown(gather(one))))
  fc.assert(property, { seed: 4, numRuns: 1500 })
})

test('control goes as it is', () => {
  const control: Flow[] = [
    { kind: 'watermark', time: 'idle' },
    { kind: 'moves', order: Float64Array.of(1, 2), before: Float64Array.of(-Infinity, 5), time: 7, isIdle: true },
    { kind: 'tick', time: 1, order: 2 },
    { kind: 'barrier', epoch: 3 },
    { kind: 'end', order: 4 },
  ]
  for (const one of control) assert.equal(sent(new PagePacker(), new PageUnpacker(), one), one)
})

const oneText = (dictionary: readonly string[], code: number): Page => ({
  kind: 'page',
  port: 'main',
  input: 0,
  count: 1,
  order: Float64Array.of(1),
  columns: new Map([['text', { kind: 'text', codes: Int32Array.of(code), dictionary }]]),
})

test('texts of a dictionary cross once, and again when there were too many others since', () => {
  const packer = new PagePacker()
  const unpacker = new PageUnpacker()
  const textsOf = (flow: PackedFlow): readonly string[] => {
    const [packed] = flow.kind === 'packed' ? flow.columns : []
    return packed?.kind === 'text' ? packed.dictionary.texts : []
  }
  const crossed = (one: Page): readonly string[] => {
    const packed = packer.pack(one, [])
    assert.equal(shown(unpacker.unpack(packed) as Page), shown(one))
    return textsOf(packed)
  }
  const growing = ['a', 'b']
  assert.equal(crossed(oneText(growing, 1)), ['a', 'b'])
  assert.equal(crossed(oneText(growing, 0)), [])
  growing.push('c')
  assert.equal(crossed(oneText(growing, 2)), ['c'])
  for (let i = 0; i < 300; i++) assert.equal(crossed(oneText([`other ${i}`], 0)), [`other ${i}`])
  assert.equal(crossed(oneText(growing, 2)), ['a', 'b', 'c'])
})

test('one page may use more dictionaries than are remembered', () => {
  const columns = Array.from({ length: 400 }, (_, i): [string, Column] => [
    `c${i}`,
    { kind: 'text', codes: Int32Array.of(0), dictionary: [`text ${i}`] },
  ])
  const wide: Page = { ...oneText(['x'], 0), columns: new Map(columns) }
  const [packer, unpacker] = [new PagePacker(), new PageUnpacker()]
  for (let i = 0; i < 2; i++) assert.equal(shown(sent(packer, unpacker, wide) as Page), shown(wide))
})

test.run()
