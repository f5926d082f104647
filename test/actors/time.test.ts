/** Several sources of one topology, each with its lag, some of them idle: the results are those of a dumb twin at any size of pages and any restart. */
// Deadline: 400 s
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PulledPage } from '../../actors/source.ts'
import { pageOf } from '../../operators/page.ts'
import { count, topology, type TopologyBuilder } from '../../topology/pipeline.ts'
import { build, Outside } from './outside.ts'
import { placed, type Placed, type TimeCase, timeCases, twinOf, windowMs } from './time-twin.ts'

interface Reading {
  at: number
  key: string
}

function merged({ lags, idles, isByPartition }: TimeCase): TopologyBuilder {
  const made = topology('t', { version: 1 })
  const watermark = isByPartition ? 'partition' : 'source'
  const timed = (['a', 'b'] as const).map(id => {
    const idle = idles[id]
    return made
      .follow<Reading>({ id, types: [id] })
      .eventTime({ id: `timed-${id}`, field: 'at', lag: lags[id], watermark, ...(idle !== undefined && { idle }) })
  })
  const [a, b] = timed as [(typeof timed)[0], (typeof timed)[0]]
  const windows = a.merge(b, { id: 'both' }).tumble({ id: 'windows', size: windowMs, by: ['key'], aggregate: { count: count() } })
  windows.late.append({ stream: 'late', type: 'late', data: ['at', 'key'] })
  // By another name, so that both may take from the window.
  windows
    .filter('true')
    .topN({ id: 'top', n: 9, order: ['windowStart', 'key'], per: 'window' })
    .append({ stream: 'top', type: 'top', data: ['key', 'windowStart', 'count'] })
  return windows.append({ stream: 'windows', type: 'window', data: ['key', 'windowStart', 'count'] })
}

/** What a source of the log would hand out: rows by their ports, each tick by itself. */
function pages(happenings: readonly Placed[], pageRows: number): PulledPage[] {
  const made: PulledPage[] = []
  let rows: Placed[] = []
  const cut = (): void => {
    if (rows.length === 0) return
    const page = pageOf(
      rows.map(({ at, key, partition }) => ({ at, key, $partition: partition })),
      { order: Float64Array.from(rows, ({ stamp }) => stamp) },
    )
    const rowsOf = (source: string): Int32Array => Int32Array.from(rows.flatMap((row, at) => (row.source === source ? [at] : [])))
    made.push({ ...page, taps: ['a', 'b'].map(port => ({ port, selection: rowsOf(port) })) })
    rows = []
  }
  for (const one of happenings) {
    if (one.source === 'tick') {
      cut()
      made.push({ ...pageOf([{}], { order: Float64Array.of(one.stamp) }), tick: one.recorded })
    } else if (rows.push(one) === pageRows) cut()
  }
  cut()
  return made
}

async function run(given: TimeCase, pageRows: number, restarts: readonly number[]): Promise<Outside> {
  const outside = new Outside()
  let fragment = await build(merged(given), outside)
  let epoch = 0
  for (const [at, page] of pages(placed(given.happenings), pageRows).entries()) {
    fragment.push(page)
    if (!restarts.includes(at)) continue
    fragment.push({ kind: 'barrier', epoch: ++epoch })
    fragment.close()
    fragment = await build(merged(given), outside)
  }
  fragment.push({ kind: 'end' })
  fragment.push({ kind: 'barrier', epoch: ++epoch })
  return outside
}

const rowsIn = ({ appended }: Outside, stream: string): unknown[] => appended.flatMap(([to, data]) => (to === stream ? [data] : []))

test('two sources with lags, idle times and ticks give what a dumb twin gives', async () => {
  const property = fc.asyncProperty(timeCases, fc.constantFrom(1, 2, 7, 4096), fc.array(fc.nat(30)), async (given, pageRows, restarts) => {
    const outside = await run(given, pageRows, restarts)
    const { windows, late } = twinOf(given)
    assert.equal(rowsIn(outside, 'windows'), windows)
    assert.equal(rowsIn(outside, 'late'), late)
    assert.is(outside.deadRows.length, 0)
    // Nothing is late for what stands behind the window.
    assert.is(rowsIn(outside, 'top').length, windows.length)
  })
  await fc.assert(property, { seed: 7, numRuns: 600 })
})

test.run()
