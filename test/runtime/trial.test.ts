/** Trials: the real source and steps in memory, the same at any page size and however what is given is cut. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import type { Event, NewEvent } from '../../event/event.ts'
import { recordedOf } from '../../event/stamp.ts'
import { openNode } from '../../runtime/index.ts'
import { pageDifferences } from '../../runtime/trial/expected.ts'
import { givenOf } from '../../runtime/trial/given-log.ts'
import { readTests } from '../../runtime/trial/test-value.ts'
import { Trial } from '../../runtime/trial/trial.ts'
import { topology } from '../../topology/pipeline.ts'
import type { Topology } from '../../topology/topology.ts'
import { hour, noon, type Order, outcomeOf, placed, planned, some } from './trial-world.ts'

test('what a node would write is gathered, and nothing else happens', async () => {
  const { source, steps, outputs, state, dead } = await outcomeOf(some)
  assert.equal(source, { id: 'log', kind: 'log', rows: 6, dead: 0 })
  assert.equal(steps['timed'], { in: 6, out: 5, late: 0, suspect: 1, dead: 0 })
  assert.equal(steps['big'], { in: 5, out: 3, late: 0, suspect: 0, dead: 1 })
  assert.equal(steps['hourly'], { in: 3, out: 2, late: 1, suspect: 0, dead: 0 })
  assert.equal(Object.keys(outputs), ['large-ada', 'large-bob'])
  assert.equal(
    outputs['large-ada']?.first.map(({ step, type, data }) => ({ step, type, data })),
    [
      { step: 'announce', type: 'order.large', data: { customer: 'ada', total: 300 } },
      { step: 'announce', type: 'order.large', data: { customer: 'ada', total: 100 } },
    ],
  )
  assert.equal(state['revenue']?.first, [
    { key: ['ada', noon], value: { n: 1, sum: 300 } },
    { key: ['ada', noon + 2 * hour], value: { n: 1, sum: 100 } },
  ])
  assert.equal(
    dead.first.map(({ step, stream, type }) => [step, stream, type]),
    [['big', 'order-1', 'order.placed']],
  )
})

test('rows of watched ports come whole, though no step wants all their columns', async () => {
  const watched = [
    { step: 'hourly', port: 'late' },
    { step: 'timed', port: 'suspect' },
    { step: 'hourly', port: 'suspect' },
  ]
  const { rows, steps } = await outcomeOf(some, { watched })
  assert.equal(rows['late']?.['hourly']?.first, [{ customer: 'bob', total: 500, at: noon + 3, $recorded: noon }])
  assert.is(rows['suspect']?.['timed']?.count, 1)
  assert.equal(rows['suspect']?.['hourly'], { count: 0, first: [] })
  assert.equal(Object.keys(steps), Object.keys((await outcomeOf(some)).steps))
})

test('only so many results are kept, and all are counted', async () => {
  const events = placed(...Array.from({ length: 50 }, (_, at): Order => ({ customer: `c${at % 2}`, total: 100 + at, at: noon + at })))
  const { outputs, state } = await outcomeOf(events, { keep: 3 })
  assert.equal([outputs['large-c0']?.count, outputs['large-c0']?.first.length, state['revenue']?.count], [25, 3, 2])
})

test('pages, epochs and cuts change nothing', async () => {
  const order = fc.record({
    customer: fc.constantFrom('ada', 'bob', '\ud800', '__proto__'),
    total: fc.integer({ min: -20, max: 300 }),
    at: fc.integer({ min: 0, max: 6 }).map(hours => noon + hours * hour),
  })
  const watched = [{ step: 'hourly', port: 'late' }]
  await fc.assert(
    fc.asyncProperty(fc.array(order, { maxLength: 40 }), fc.array(fc.nat(40), { maxLength: 4 }), async (list, cuts) => {
      const events = placed(...list.filter(({ customer }) => customer.isWellFormed()))
      const whole = await outcomeOf(events, { watched })
      const small = await outcomeOf(events, { watched, pageRows: 1, hasEpochPerPage: true })
      const cut = await outcomeOf(
        events,
        { watched, pageRows: 7 },
        cuts.map(at => Math.min(at, events.length)),
      )
      assert.equal(pageDifferences(small, whole), [])
      assert.equal(pageDifferences(cut, whole), [])
    }),
    { numRuns: 40, seed: 4 },
  )
})

test('events of a node are given again as they are stored', async () => {
  const node = await openNode({ memory: true })
  const list: NewEvent[] = [
    { type: 'json', data: { big: 1 }, time: noon, id: 'own' },
    { type: 'packed', data: { deep: { a: [1, null] } }, encoding: 'msgpack' },
    { type: 'raw', data: Uint8Array.of(1, 2) },
    { type: 'text', data: Buffer.from('{"n":12345678901234567890}'), encoding: 'json' },
  ]
  await node.appendToStream('s-1', list)
  const events: Event[] = []
  for await (const event of node.readAll({ jsonAs: 'bytes' })) events.push(event)
  await node.close()
  const given = structuredClone(events.map(givenOf))
  assert.equal(
    given.map(({ id, version }) => [id === 'own', version]),
    [
      [true, 1],
      [false, 2],
      [false, 3],
      [false, 4],
    ],
  )
  assert.is(Buffer.from(given[3]!.data).toString(), '{"n":12345678901234567890}')
  const all = topology('all', { version: 1 })
    .follow()
    .projection({
      id: 'rows',
      name: 'rows',
      key: ['$version'],
      value: ['$id', '$type', '$stream', '$time', '$recorded', '$sequence', '$partition', 'deep', 'big'],
    }).definition
  const { state } = await outcomeOf(given, { plan: await planned(all) })
  const rows = state['rows']?.first.map(({ value }) => value as Record<string, unknown>) ?? []
  for (const [index, { id, type, stream, time, stamp, sequence, partition }] of events.entries()) {
    const { deep: _, big: __, ...envelope } = rows[index] ?? {}
    const expected = {
      $id: id,
      $type: type,
      $stream: stream,
      $time: time,
      $recorded: recordedOf(stamp),
      $sequence: sequence,
      $partition: partition,
    }
    assert.equal(envelope, expected)
  }
  assert.equal([rows[0]?.['big'], rows[1]?.['deep'], rows[2]?.['big']], [1, { a: [1, null] }, null])
})

test('several sources are given their rows by their taps', async () => {
  const two: Topology = {
    name: 'two',
    version: 1,
    sources: [
      { id: 'a', kind: 'log', types: ['a', 'both'] },
      { id: 'b', kind: 'log', categories: ['b'] },
    ],
    steps: ['a', 'b'].map(id => ({
      id: `${id}s`,
      operator: 'projection',
      options: { name: id, key: ['n'], value: ['n'] },
      from: [{ step: id, port: 'main' }],
    })),
  }
  const given = [
    { stream: 'x-1', type: 'a', data: { n: 1 } },
    { stream: 'b-1', type: 'both', data: { n: 2 } },
    { stream: 'b-1', type: 'c', data: { n: 3 } },
    { stream: 'x-1', type: 'c', data: { n: 4 } },
  ]
  const plan = await planned(two)
  const [only] = readTests({ tests: [{ given, expect: {} }] }).tests
  const { state } = await outcomeOf(only!.events, { plan })
  assert.equal(
    ['a', 'b'].map(name => state[name]?.first.map(({ key }) => key[0])),
    [
      [1, 2],
      [2, 3],
    ],
  )
})

test('what breaks the graph is thrown', async () => {
  const plan = await planned()
  try {
    await Trial.start({ plan, module: import.meta.url, resolve: async () => undefined })
    assert.unreachable()
  } catch (error) {
    assert.ok(isEventStoreError(error, 'INVALID'))
  }
})

test.run()
