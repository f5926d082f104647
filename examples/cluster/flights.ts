/** The flights of examples/flights as batches of events: those of one airport, in the order in which they arrived. */
import type { NewEvent } from '../../runtime/index.ts'
import { arrivalOf, type FlightRows, readFlights } from '../flights/rows.ts'

/** Events of one append. */
const batchEvents = 200

export interface Batch {
  readonly stream: string
  /** Version of the stream before it: an append that is made twice is recognised by it and by the ids of its events. */
  readonly expectedVersion: number
  readonly events: readonly NewEvent[]
}

export interface Flights {
  readonly events: number
  /** By stream; those of one stream must be appended in this order. */
  readonly streams: ReadonlyMap<string, readonly Batch[]>
}

export async function readBatches(limit: number): Promise<Flights> {
  const flights = await readFlights({ limit })
  const rows = new Map<string, number[]>()
  for (const row of flights.order) {
    const stream = `airport-${flights.airports[flights.columns.origin[row]!]!}`
    const known = rows.get(stream)
    if (known) known.push(row)
    else rows.set(stream, [row])
  }
  return {
    events: flights.order.length,
    streams: new Map([...rows].map(([stream, all]) => [stream, batchesOf(flights, stream, all)])),
  }
}

function batchesOf(flights: FlightRows, stream: string, rows: readonly number[]): Batch[] {
  const batches: Batch[] = []
  for (let at = 0; at < rows.length; at += batchEvents)
    batches.push({ stream, expectedVersion: at, events: rows.slice(at, at + batchEvents).map(row => eventOf(flights, row)) })
  return batches
}

function eventOf({ columns, airports }: FlightRows, row: number): NewEvent {
  const data = {
    date: columns.date[row]!,
    delay: columns.delay[row]!,
    distance: columns.distance[row]!,
    origin: airports[columns.origin[row]!]!,
    destination: airports[columns.destination[row]!]!,
    arrival: arrivalOf(columns, row),
  }
  return { type: 'flight.departed', id: `flight-${row}`, data }
}
