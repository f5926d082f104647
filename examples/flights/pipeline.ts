/** The same job as topology.yaml, written with the builder: both make the same topology, which a test checks. Deploy whichever you like better. */
import { count, mean, percentile, sum, table, topology } from '../../runtime/index.ts'
import type { FlightDeparted } from './import.ts'

const job = topology('flights', { version: 1, guarantee: 'exactlyOnce' })

const flights = job
  .follow<FlightDeparted['data']>({
    id: 'departures',
    types: ['flight.departed'],
    fields: { date: 'timestamp', delay: 'number', distance: 'number', origin: 'text', destination: 'text', arrival: 'timestamp' },
  })
  .eventTime({ id: 'departure', field: 'date', lag: '60m', maxFuture: { allow: '60m', of: 'arrival' } })

const airports = table('../../node_modules/vega-datasets/data/airports.csv', { key: 'iata' })
const placed = flights.enrich({ id: 'airport', table: airports, match: 'origin', take: ['state'] })

const hourly = placed.tumble({
  id: 'hourly',
  size: '1h',
  by: ['origin', 'state'],
  aggregate: { count: count(), sum: sum('delay'), mean: mean('delay'), p95: percentile('delay', 0.95) },
})
const top10 = placed
  .tumble({ id: 'daily', size: '1d', by: ['origin'], aggregate: { count: count() } })
  .topN({ id: 'top10', n: 10, order: ['-count', 'origin'] })

hourly.projection({ id: 'delays', name: 'hourly-delays', key: ['origin', 'windowStart'], value: ['state', 'count', 'sum', 'mean', 'p95'] })
top10.append({
  id: 'top',
  stream: 'airports-daily-top',
  type: 'airport.daily-top',
  data: { day: 'windowStart', rank: 'rank', origin: 'origin', count: 'count' },
})
hourly.late.append({ id: 'late', stream: 'flights-late', type: 'flight.late', data: ['date', 'delay', 'origin', 'arrival'] })
flights.suspect.append({ id: 'suspect', stream: 'flights-suspect', type: 'flight.suspect', data: ['date', 'delay', 'origin', 'arrival'] })

export default job
