/** What a plan says of itself: columns, key, state, runs and threads; as text and as a Mermaid diagram. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { operators } from '../../operators/index.ts'
import { explainPlan } from '../../topology/explain.ts'
import { explanationMermaid, explanationText } from '../../topology/explain-text.ts'
import { count, sum, topology } from '../../topology/pipeline.ts'
import { type Plan, planTopology } from '../../topology/plan.ts'

interface Order {
  customer: string
  total: number
  at: number
}

async function shop(): Promise<Plan> {
  const job = topology('shop', { version: 3 })
  const orders = job.follow<Order>({
    id: 'orders',
    types: ['order.placed'],
    fields: { customer: 'text', total: 'number', at: 'timestamp' },
  })
  const large = orders.filter('total > 10', { id: 'large' }).map({ cents: 'total * 100' }, { id: 'inCents' })
  const hourly = large
    .eventTime({ id: 'timed', field: 'at', lag: '1m' })
    .tumble({ id: 'hourly', size: '1h', by: ['customer'], aggregate: { orders: count(), cents: sum('cents') } })
  hourly.projection({ id: 'out', name: 'hourly', key: ['customer', 'windowStart'], value: ['cents'] })
  hourly.late.webhook({ id: 'told', url: 'http://127.0.0.1:1/late "<b>"' })
  return planTopology(job.definition)
}

test('columns are followed from the source to the sinks, and only what is read is decoded', async () => {
  const { source, steps } = explainPlan(await shop())
  assert.equal([source.reads, source.decodes], ['types order.placed', ['*']])
  const hourly = steps.find(({ id }) => id === 'hourly')
  assert.equal(hourly?.key, ['customer'])
  assert.equal(hourly?.row?.fields['cents'], 'number')
  const out = steps.find(({ id }) => id === 'out')
  assert.equal(out?.reads, ['cents', 'customer', 'windowStart'])
  assert.equal(out?.row?.fields, { customer: 'text', windowStart: 'timestamp', windowEnd: 'timestamp', orders: 'integer', cents: 'number' })
  assert.equal([out?.guarantee, steps.find(({ id }) => id === 'told')?.guarantee, hourly?.guarantee], ['exactlyOnce', 'atLeastOnce', null])
})

test('adjacent stateless steps run as one, and each step says what it keeps', async () => {
  const { steps } = explainPlan(await shop())
  assert.equal(
    steps.map(({ id, chain, keeps }) => [id, chain, keeps === null]),
    [
      ['large', 1, true],
      ['inCents', 1, true],
      ['timed', null, false],
      ['hourly', null, false],
      ['out', null, true],
      ['told', null, false],
    ],
  )
})

test('every operator with state says what it keeps', () => {
  const silent = Object.values(operators).filter(({ spec }) => spec.stateVersion !== undefined && spec.keeps === undefined)
  assert.equal(
    silent.map(({ spec }) => spec.name),
    [],
  )
})

test('where pages, state and output cross threads', async () => {
  const { crossings } = explainPlan(await shop())
  assert.equal(
    crossings.map(({ what, to }) => [what, to]),
    [
      ['blocks of the log', 'pipeline worker'],
      ['state, positions and outbox', 'state writer'],
      ['deliveries', 'the web'],
    ],
  )
})

test('as text', async () => {
  const text = explanationText(explainPlan(await shop()))
  for (const line of ['topology shop, version 3', 'source orders: types order.placed', 'hourly (tumble)', '  key      customer'])
    assert.ok(text.split('\n').includes(line), `${line} in\n${text}`)
  assert.match(text, /runs {5}as one with the steps of run 1/)
})

test('as Mermaid, whatever the names hold', async () => {
  const lines = explanationMermaid(explainPlan(await shop())).split('\n')
  assert.is(lines[0], 'flowchart LR')
  assert.ok(lines.includes('  subgraph run1["runs as one"]'))
  const nodes = lines.filter(line => /^ +n\d+[[(]/.test(line))
  assert.is(nodes.length, 7)
  assert.ok(lines.some(line => line.includes('-->|"late"|')))
})

test('a step that keeps its dead letters in order says by what, and that it keeps something', async () => {
  const job = topology('t', { version: 1 }).follow<Order>({ id: 'orders' })
  const made = job.filter('total > 10', { id: 'large', inOrder: ['customer'] }).append({ id: 'out', stream: 's', type: 't' })
  const explanation = explainPlan(await planTopology(made.definition))
  assert.equal(explanation.steps.map(({ inOrder }) => inOrder), [['customer'], []]) // prettier-ignore
  assert.match(explanationText(explanation), /\n {2}in order +by customer;/)
  assert.ok(explanation.crossings.some(({ to }) => to === 'state writer'))
})

test.run()
