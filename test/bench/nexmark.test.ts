/** The Nexmark port: equal to the vectors of the other languages, as objects and as columns. */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Column, Page } from '../../operators/flow.ts'
import { nexmark, nexmarkPage } from '../../bench/nexmark/columns.ts'
import { eventAt, type NexmarkEvent } from '../../bench/nexmark/generator.ts'
import vectors from './nexmark-vectors.json' with { type: 'json' }

test('events equal the sample vectors', () => {
  for (const { n, ...event } of vectors.events) assert.equal(eventAt(n), event, `event ${n}`)
})

test('the first 100,000 events hash to the published sum', () => {
  const hash = createHash('sha256')
  for (let n = 0; n < 100_000; n++) hash.update(`${JSON.stringify(eventAt(n))}\n`)
  assert.is(hash.digest('hex'), vectors.sha256)
})

function cell(column: Column | undefined, row: number): unknown {
  switch (column?.kind) {
    case 'number':
      return column.nulls?.[row] === 1 ? null : column.values[row]
    case 'text':
      return column.codes[row] === -1 ? null : column.dictionary[column.codes[row] as number]
    case 'slice':
      return column.length[row] === -1 ? null : column.pool.substr(column.start[row] as number, column.length[row])
    default:
      return undefined
  }
}

const shared = ['type', 'ts', 'extra']
const personFields = ['person', 'name', 'email', 'card', 'city', 'state']
const auctionFields = ['auction', 'seller', 'category', 'initialBid', 'reserve', 'item', 'description', 'expires']
const bidFields = ['auction', 'bidder', 'price', 'channel', 'url']

/** What a row of columns must hold, from the event as an object. */
function expectedCells({ ts, person, auction, bid }: NexmarkEvent): Record<string, unknown> {
  if (person) return { ...person, type: 'person', ts, person: person.id, id: undefined }
  if (auction) return { ...auction, type: 'auction', ts, auction: auction.id, description: auction.desc, id: undefined, desc: undefined }
  return { ...bid, type: 'bid', ts }
}

function assertSameRow(page: Page, row: number, event: NexmarkEvent): void {
  const wanted = expectedCells(event)
  for (const name of new Set([...shared, ...personFields, ...auctionFields, ...bidFields])) {
    assert.equal(cell(page.columns.get(name), row), wanted[name] ?? null, `${name} of row ${String(page.order[row])}`)
  }
}

test('columns hold every field of every kind, also shuffled', () => {
  for (const [from, group] of [
    [0, 1],
    [123_400, 1],
    [2000, 100],
  ] as const) {
    const page = nexmarkPage(from, 300, group)
    for (let row = 0; row < page.count; row++) assertSameRow(page, row, eventAt(from + row, group))
  }
})

test('the source ends after its events and gives the same page for the same place', () => {
  const source = nexmark({ events: 1000 })
  assert.is(source.next(600, 600)?.count, 400)
  assert.is(source.next(600, 1000), null)
  assert.ok(isDeepStrictEqual(source.next(10, 500), nexmark({ events: 1000 }).next(10, 500)))
})

test.run()
