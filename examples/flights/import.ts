/** Imports the flights: one event a row, in arrival order, into a stream for each airport of origin. */
import type { Node } from '../../runtime/index.ts'
import { arrivalOf, flightsPath, readFlights } from './rows.ts'
import type { FlightRows } from './rows.ts'
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet'

/** Times in ms since the epoch, delay in minutes, distance in miles. */
export interface FlightDeparted {
  readonly type: 'flight.departed'
  readonly data: {
    readonly date: number
    readonly delay: number
    readonly distance: number
    readonly origin: string
    readonly destination: string
    readonly arrival: number
  }
}

/** Said before the first flight and after the last one is durable: an import without an end is made again. */
export type ImportEvent =
  | { readonly type: 'flights.import-begun'; readonly data: { readonly rows: number } }
  | { readonly type: 'flights.import-finished'; readonly data: { readonly rows: number } }

export const importStream = 'flights-import'
/** Progress is told once in so many rows. */
const rowsATick = 8192

export interface ImportOptions {
  readonly limit?: number
  readonly signal?: AbortSignal
  readonly onRead?: (rows: number, total: number) => void
  /** Called now and then with the rows handed to the node so far. */
  readonly onRow?: (rows: number, total: number) => void
}

/** Answers how many flights were imported, all of them durable. */
export async function importFlights(node: Node, options: ImportOptions = {}): Promise<number> {
  const flights = await readFlights(options)
  options.signal?.throwIfAborted()
  return importRows(node, flights, options)
}

export async function importRows(node: Node, flights: FlightRows, options: ImportOptions = {}): Promise<number> {
  const rows = flights.order.length
  await node.appendToStream<ImportEvent>(importStream, { type: 'flights.import-begun', data: { rows } })
  const { events } = await node.appendInOrder<FlightDeparted>(
    eventsOf(flights, options.onRow),
    options.signal ? { signal: options.signal } : {},
  )
  await node.appendToStream<ImportEvent>(importStream, { type: 'flights.import-finished', data: { rows: events } })
  return events
}

/** How many flights a finished import of this limit holds. */
export async function rowsWanted(limit: number | undefined): Promise<number> {
  const metadata = await parquetMetadataAsync(await asyncBufferFromFile(flightsPath))
  return Math.min(limit ?? Infinity, Number(metadata.num_rows))
}

/** `foreign`: there are events, but none of an import. */
export async function importState(node: Node): Promise<{ state: 'empty' | 'unfinished' | 'finished' | 'foreign'; rows: number }> {
  let rows = 0
  let begun = false
  let finished = false
  if ((await node.streamVersion(importStream)) > 0) {
    for await (const event of node.readStream<ImportEvent>(importStream)) {
      begun ||= event.type === 'flights.import-begun'
      finished = event.type === 'flights.import-finished'
      rows = event.data.rows
    }
  }
  if (begun) return { state: finished ? 'finished' : 'unfinished', rows }
  for await (const _ of node.readAll({ limit: 1 })) return { state: 'foreign', rows }
  return { state: 'empty', rows }
}

function* eventsOf(flights: FlightRows, onRow?: ImportOptions['onRow']): Generator<{ stream: string; event: FlightDeparted }> {
  const { columns, airports, order } = flights
  const streams = airports.map(airport => `airport-${airport}`)
  for (let i = 0; i < order.length; i++) {
    if (i % rowsATick === 0) onRow?.(i, order.length)
    const row = order[i]!
    const origin = columns.origin[row]!
    const data = {
      date: columns.date[row]!,
      delay: columns.delay[row]!,
      distance: columns.distance[row]!,
      origin: airports[origin]!,
      destination: airports[columns.destination[row]!]!,
      arrival: arrivalOf(columns, row),
    }
    yield { stream: streams[origin]!, event: { type: 'flight.departed', data } }
  }
  onRow?.(order.length, order.length)
}
