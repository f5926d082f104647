/** The plan decodes only the columns that somebody reads. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { columns, rows, sum, table, topology, type Stream, type TopologyBuilder } from '../../topology/pipeline.ts'
import { planTopology } from '../../topology/plan.ts'

const functions: Readonly<Record<string, unknown>> = {
  'f#plain': () => true,
  'f#rows': rows({ reads: ['a'] }, () => true),
  'f#columns': columns({ reads: ['b'], writes: { c: 'number' } }, () => {}),
}
const resolve = (reference: string): Promise<unknown> => Promise.resolve(functions[reference])

async function fields(made: TopologyBuilder, known = true): Promise<readonly string[]> {
  const { source } = await planTopology(made.definition, known ? { resolve } : {})
  return source.kind === 'log' ? source.fields : []
}
const log = (): Stream<Record<string, unknown>> => topology('t', { version: 1 }).follow()
const sink = { name: 'p', key: ['a'], value: { v: 'x', s: '$stream' } }

test('what sinks read', async () => {
  assert.equal(await fields(log().projection(sink)), ['$stream', 'a', 'x'])
})

test('all columns for a sink that takes them all, and the envelope beside them', async () => {
  assert.equal(await fields(log().append({ stream: 's-{$stream}', type: 't' })), ['*', '$stream'])
})

test('a function that declares its columns adds only them', async () => {
  assert.equal(
    await fields(
      log()
        .filter('f#rows')
        .projection({ ...sink, key: ['k'] }),
    ),
    ['$stream', 'a', 'k', 'x'],
  )
  assert.equal(await fields(log().filter('f#plain').projection(sink)), ['*', '$stream'])
  assert.equal(await fields(log().filter('f#rows').projection(sink), false), ['*', '$stream'])
})

test('new rows need what makes them, added columns need what they are made of', async () => {
  assert.equal(await fields(log().map('f#rows').projection(sink)), ['a'])
  assert.equal(
    await fields(
      log()
        .map('f#columns')
        .projection({ name: 'p', key: ['c'], value: ['d'] }),
    ),
    ['b', 'd'],
  )
})

test('windows and tables cut off what they make themselves', async () => {
  const timed = log().eventTime({ field: 'at', lag: 0, maxFuture: { allow: 0, of: 'came' } })
  const placed = timed.enrich({ table: table('t.csv', { key: 'k' }), match: 'm', take: ['state'] }).keyBy('state', 'm')
  const windows = placed.tumble({ id: 'w', size: '1h', aggregate: { total: sum('x') } })
  const made = windows.projection({ name: 'p', key: ['state', 'windowStart'], value: ['total'] })
  assert.equal(await fields(made), ['at', 'came', 'm', 'x'])
  windows.late.projection({ name: 'q', key: ['only-late'], value: ['m'] })
  timed.suspect.projection({ name: 'r', key: ['only-suspect'], value: ['m'] })
  assert.equal(await fields(made), ['at', 'came', 'm', 'only-late', 'only-suspect', 'x'])
})

test('an expression that only the types of its columns make right says what it reads all the same', async () => {
  const duration = 'extract(epoch from windowEnd - windowStart)'
  const windows = log()
    .eventTime({ field: 'at', lag: 0 })
    .tumble({ id: 'w', size: '1h', aggregate: { total: sum({ of: 'extract(epoch from at::timestamp - since::timestamp)' }) } })
  const made = windows
    .map({ seconds: duration })
    .filter(`${duration} > 60`)
    .flatMap({ of: "array[windowEnd - windowStart > interval '1 s']", as: 'isLong' })
    .tumble({ id: 'again', size: '1h', aggregate: { total: sum({ of: duration }) } })
    .projection({ name: 'p', key: ['windowStart'], value: ['total'] })
  assert.equal(await fields(made), ['at', 'since'])
})

test('a projection that two steps write is looked up by the rows of both', async () => {
  const made = topology('t', { version: 1 })
  const [named, moved, orders] = ['named', 'moved', 'orders'].map(id => made.follow({ id, types: [id] })) as Stream<
    Record<string, unknown>
  >[]
  const known = orders?.enrich({ table: { projection: 'p' } as never, match: 'id', take: ['name'], id: 'known' })
  named?.projection({ name: 'p', key: ['id'], value: ['name'] })
  moved?.projection({ name: 'p', key: ['id'], value: { name: 'to' } })
  known?.projection({ name: 'out', key: ['id'], value: ['name'] })
  const { steps, source } = await planTopology(made.definition)
  const [step] = steps
  assert.equal(
    step?.from.map(({ port }) => port),
    ['orders', 'named', 'moved'],
  )
  assert.equal(step?.options['table'], { projection: 'p', key: ['id'], values: [['name'], { name: 'to' }], joined: 1 })
  assert.is(step?.sideInputs, 1)
  assert.equal(source.kind === 'log' && source.fields, ['id', 'name', 'to'])
})

test('the plan is plain and keeps the steps', async () => {
  const { definition } = log().filter('f#rows').projection(sink)
  const plan = await planTopology(definition, { resolve, until: 'head' })
  assert.equal(JSON.parse(JSON.stringify(plan)), plan)
  assert.equal(
    [plan.topology, plan.version, plan.until, plan.steps.map(({ id, operator, options, from }) => ({ id, operator, options, from }))],
    ['t', 1, 'head', definition.steps],
  )
  assert.equal(plan.steps[0]?.reads, ['$stream', 'a', 'x'])
})

test('a generated source is handed on, with the columns that are wanted of its pages', async () => {
  const made = topology('t', { version: 1 }).generate('g#pages', { n: 1 }).filter('f#rows').projection(sink)
  const source = { id: 'generate', kind: 'generate', reference: 'g#pages', options: { n: 1 } }
  assert.equal((await planTopology(made.definition)).source, { ...source, fields: ['*', '$stream'] })
  assert.equal((await planTopology(made.definition, { resolve })).source, { ...source, fields: ['$stream', 'a', 'x'] })
})

test.run()
