/** The builder: a chain of calls gives the plain list of steps, and types know the columns. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { count, mean, percentile, sum, table, topology } from '../../topology/pipeline.ts'
import { readTopology } from '../../topology/check.ts'

interface Flight {
  date: number
  arrival: number
  delay: number
  origin: string
}

function flights(): ReturnType<typeof topology> {
  const all = topology('flights', { version: 1 })
  const timed = all
    .follow<Flight>({ types: ['flight.departed'] })
    .eventTime({ field: 'date', lag: '60m', maxFuture: { allow: '60m', of: 'arrival' } })
  timed.suspect.append({ stream: 'flights-suspect', type: 'flight.suspect', data: ['delay'] })
  const hourly = timed
    .enrich({ table: table('./airports.csv', { key: 'iata' }), match: 'origin', take: { state: 'state' } })
    .keyBy('origin', 'state')
    .tumble({
      id: 'hourly',
      size: '1h',
      aggregate: { count: count(), sum: sum('delay'), mean: mean('delay'), p95: percentile('delay', 0.95) },
    })
  hourly.late.append({ stream: 'flights-late', type: 'flight.late', data: ['origin', 'date', 'delay'] })
  return hourly.projection({ name: 'hourly-delays', key: ['origin', 'windowStart'], value: ['state', 'count', 'sum', 'mean', 'p95'] })
}

test('a chain is a flat list of steps with stable ids', () => {
  const { steps, sources, name, version } = flights().definition
  assert.equal(
    { name, version, sources },
    { name: 'flights', version: 1, sources: [{ id: 'log', kind: 'log', types: ['flight.departed'] }] },
  )
  assert.equal(
    steps.map(step => [step.id, step.operator, step.from.map(from => `${from.step}.${from.port}`).join()]),
    [
      ['eventTime', 'eventTime', 'log.main'],
      ['append-flights-suspect', 'append', 'eventTime.suspect'],
      ['enrich', 'enrich', 'eventTime.main'],
      ['keyBy', 'keyBy', 'enrich.main'],
      ['hourly', 'tumble', 'keyBy.main'],
      ['append-flights-late', 'append', 'hourly.late'],
      ['projection-hourly-delays', 'projection', 'hourly.main'],
    ],
  )
})

test('a topology is plain JSON, and reading it back gives the same', () => {
  const made = flights()
  const plain = JSON.parse(JSON.stringify(made)) as unknown
  assert.equal(plain, made.definition)
  assert.equal(readTopology(plain), made.definition)
  assert.equal(readTopology(made), made.definition)
})

test('steps of the same operator get numbered ids, and given ids stay', () => {
  const stream = topology('t', { version: 1 }).follow()
  const built = stream.filter('./a.ts#one').filter('./a.ts#two', { id: 'mine' }).filter('./a.ts#three').append({ stream: 's', type: 't' })
  assert.equal(
    built.definition.steps.map(step => step.id),
    ['filter', 'mine', 'filter-2', 'append-s'],
  )
})

test('merge takes from both', () => {
  const timed = topology('t', { version: 1 }).follow<Flight>().eventTime({ field: 'date', lag: '1m' })
  const hourly = timed.keyBy('origin').tumble({ id: 'a', size: '1h', aggregate: { n: count() } })
  const daily = timed.keyBy('origin').tumble({ id: 'b', size: '1d', aggregate: { n: count() } })
  const merged = hourly.late.merge(daily.late)
  const { steps } = merged.append({ stream: 'late', type: 'late' }).definition
  assert.equal(steps.at(-1)?.from, [
    { step: 'a', port: 'late' },
    { step: 'b', port: 'late' },
  ])
})

test('types refuse a column that is not there', () => {
  const stream = topology('t', { version: 1 }).follow<Flight>()
  // @ts-expect-error there is no column dealy
  stream.keyBy('dealy')
  const windows = stream
    .eventTime({ field: 'date', lag: 0 })
    .keyBy('origin')
    .tumble({ id: 'w', size: '1h', aggregate: { n: count() } })
  // @ts-expect-error the delay is gone behind the window
  windows.keyBy('delay')
  windows.keyBy('n', 'origin', 'windowStart')
  assert.ok(windows)
})

test('types follow columns through the steps that change them', () => {
  const stream = topology('t', { version: 1 }).follow<Flight>()
  const chosen = stream.select(['date', 'delay'])
  chosen.filter('delay > 5').rename({ minutes: 'delay' }).keyBy('minutes', 'date')
  // @ts-expect-error the origin was not selected
  chosen.keyBy('origin')
  // @ts-expect-error renamed: it is minutes now
  chosen.rename({ minutes: 'delay' }).keyBy('delay')
  // @ts-expect-error there is no column dealy to rename
  stream.rename({ minutes: 'dealy' })
  // @ts-expect-error it was dropped
  stream.drop(['origin']).keyBy('origin')
  stream.map({ hours: 'delay / 60.0' }).keyBy('hours', 'origin')
  stream.select({ hours: 'delay / 60.0', from: 'origin' }).keyBy('hours', 'from')
  const { late, else: others } = stream.route({ late: 'delay > 15' })
  late.keyBy('origin')
  others.keyBy('origin')
  // @ts-expect-error there is no route early
  const { early } = stream.route({ late: 'delay > 15' })
  assert.is(early, undefined)
  stream.catch({ id: 'c' }).keyBy('error', 'origin')
  stream.count({ id: 'n', by: ['origin'], as: 'seen' }).keyBy('seen')
  // @ts-expect-error a key must be a column
  stream.dedupe({ id: 'd', by: ['orgin'] })
  // @ts-expect-error a step with state needs an id
  stream.latest({ by: ['origin'] })
})

test('a projection of a window has its key, its bounds and its results', () => {
  const stream = topology('t', { version: 1 }).follow<Flight>().eventTime({ field: 'date', lag: 0 })
  const windows = stream.session({ id: 's', gap: '30m', by: ['origin'], aggregate: { flights: count(), far: sum({ of: 'delay * 2' }) } })
  windows.projection({ name: 'p', key: ['origin', 'windowStart'], value: ['flights', 'far'] })
  // @ts-expect-error the delay is gone behind the window
  windows.projection({ name: 'p', key: ['delay'] })
  windows.late.keyBy('delay')
  assert.ok(windows)
})

test('a match of a pattern has its key, its times and what was selected', () => {
  const stream = topology('t', { version: 1 }).follow<Flight>().eventTime({ field: 'date', lag: 0 })
  const steps = [
    { begin: 'early', where: 'delay < 0' },
    { next: 'late', where: 'delay > first(early.delay) + 60' },
  ]
  const matches = stream.pattern({ id: 'p', by: ['origin'], within: '1d', steps, select: { worst: 'max(late.delay)' } })
  matches.projection({ name: 'p', key: ['origin', 'matchStart'], value: ['matchEnd', 'worst'] })
  // @ts-expect-error the delay is gone behind the pattern
  matches.projection({ name: 'p', key: ['delay'] })
  matches.timedOut.keyBy('worst')
  matches.late.keyBy('delay')
  // @ts-expect-error a step with state needs an id
  stream.pattern({ by: ['origin'], within: '1d', steps })
  assert.equal(matches.timedOut.from, [{ step: 'p', port: 'timedOut' }])
})

test.run()
