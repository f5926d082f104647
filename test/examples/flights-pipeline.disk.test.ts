/** The flights topology against the twin on rows made to hit the edges: exact window ends, suspects, unknown airports, equal times. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exportFlights } from '../../examples/flights/export.ts'
import { fold } from '../../examples/flights/fold.ts'
import type { FlightDeparted } from '../../examples/flights/import.ts'
import built from '../../examples/flights/pipeline.ts'
import { openNode } from '../../runtime/index.ts'
import { topologyOfText } from '../../topology/read/read.ts'
import { differenceFrom } from './flights-process.ts'
import { answerOf } from './flights-twin.ts'
import type { TwinRow } from './flights-twin.ts'

const minuteMs = 60_000
const midnight = Date.parse('2001-02-03T00:00:00Z')
const modules = { flights: 'topology.yaml', 'flights-raw': 'topology-raw.yaml' } as const
const directory = mkdtempSync(join(tmpdir(), 'allsource-flights-edges-'))

test.after(() => rmSync(directory, { recursive: true, force: true }))

/** Quarter hours, so that watermarks fall on the ends of hours and of the day; delays about the edge of suspicion; BTR is quoted, SCE has no state. */
const someRow: fc.Arbitrary<TwinRow> = fc.record({
  date: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 90, max: 104 })).map(quarter => midnight + quarter * 15 * minuteMs),
  delay: fc.oneof(fc.integer({ min: -62, max: -58 }), fc.integer({ min: -30, max: 200 })),
  origin: fc.constantFrom('JFK', 'BTR', 'SCE', 'nowhere'),
})

function* events(rows: readonly TwinRow[]): Generator<{ stream: string; event: FlightDeparted }> {
  for (const { date, delay, origin } of rows) {
    const data = { date, delay, distance: 1, origin, destination: 'JFK', arrival: date + delay * minuteMs }
    yield { stream: `airport-${origin}`, event: { type: 'flight.departed', data } }
  }
}

/** Rows in the order given: the pipeline sees the order of the log, whatever the import made of it. */
async function run(rows: readonly TwinRow[], topology: keyof typeof modules, pageRows: number): Promise<{ dead: number }> {
  const node = await openNode({ memory: true, partitions: 3, limits: { pageRows } })
  try {
    await node.appendInOrder<FlightDeparted>(events(rows))
    const module = new URL(`../../examples/flights/${modules[topology]}`, import.meta.url)
    const { dead } = await fold(node, { topology, module, signal: new AbortController().signal })
    await exportFlights(node, directory, topology)
    return { dead }
  } finally {
    await node.close()
  }
}

test('the file and the builder make the same topology', () => {
  const file = new URL('../../examples/flights/topology.yaml', import.meta.url)
  assert.equal(topologyOfText(readFileSync(file, 'utf8'), 'topology.yaml'), built.definition)
})

for (const topology of ['flights', 'flights-raw'] as const) {
  test(`${topology} equals the twin on random rows`, async () => {
    const rowLists = fc.array(someRow, { minLength: 1, maxLength: 60 })
    const property = fc.asyncProperty(rowLists, fc.constantFrom(1, 7, 4096), async (rows, pageRows) => {
      const { dead } = await run(rows, topology, pageRows)
      const answer = answerOf(rows, topology === 'flights-raw')
      assert.is(differenceFrom(answer, directory), null)
      assert.is(dead, answer.dead)
    })
    await fc.assert(property, { seed: 20_010_101, numRuns: 25 })
  })
}

test.run()
