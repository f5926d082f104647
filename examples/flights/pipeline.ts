/** The delays of every airport in every hour, in event time: the job that `npm start` runs, and the file to change. */
import { count, mean, percentile, sum, table, topology } from '../../runtime/index.ts'
import type { TopologyBuilder } from '../../runtime/index.ts'
import type { FlightDeparted } from './import.ts'

/** `guard`: departures that lie too far behind their own arrival are suspect, and do not move the watermark. */
export function delaysByHour(name: string, guard: { maxFuture?: { allow: string; of: string } }): TopologyBuilder {
  const job = topology(name, { version: 1 })
  const flights = job
    .follow<FlightDeparted['data']>({ types: ['flight.departed'] })
    .eventTime({ id: 'departure', field: 'date', lag: '60m', ...guard })
  flights.suspect.append({ id: 'suspect', stream: 'flights-suspect', type: 'flight.suspect', data: ['date', 'delay', 'origin', 'arrival'] })

  // A flight from an airport that the table does not know is a dead letter.
  const airports = table('../../node_modules/vega-datasets/data/airports.csv', { key: 'iata' })
  const hourly = flights
    .enrich({ id: 'airport', table: airports, match: 'origin', take: ['state'], missing: 'deadLetter' })
    .keyBy('origin', 'state')
    .tumble({
      id: 'hourly',
      size: '1h',
      aggregate: { count: count(), sum: sum('delay'), mean: mean('delay'), p95: percentile('delay', 0.95) },
    })
  hourly.late.append({ id: 'late', stream: 'flights-late', type: 'flight.late', data: ['date', 'delay', 'origin', 'arrival'] })
  hourly.projection({
    id: 'delays',
    name: 'hourly-delays',
    key: ['origin', 'windowStart'],
    value: ['state', 'count', 'sum', 'mean', 'p95'],
  })
  return job
}

export default delaysByHour('flights', { maxFuture: { allow: '60m', of: 'arrival' } })
