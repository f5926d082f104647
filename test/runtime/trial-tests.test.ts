/** Tests of topologies: how what came differs from what was expected, and code that is not the same at every call. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { differencesOf } from '../../runtime/trial/expected.ts'
import { runTest } from '../../runtime/trial/test-run.ts'
import { readTests } from '../../runtime/trial/test-value.ts'
import { Trial, type TrialOutcome } from '../../runtime/trial/trial.ts'
import { planTopology } from '../../topology/plan.ts'
import { topology } from '../../topology/pipeline.ts'
import { noon, outcomeOf, planned, resolve, some } from './trial-world.ts'

test('projections of other topologies are tables that the test gives', async () => {
  const looking = topology('looking', { version: 1 })
    .follow<{ customer: string }>({ types: ['order.placed'] })
    .step('enrich', { id: 'known', table: { projection: 'customers' }, match: 'customer', take: ['tier'] })
    .append({ id: 'out', stream: 'out', type: 'known', data: ['customer', 'tier'] }).definition
  const given = ['ada', 'eve'].map(customer => ({ stream: 'o-1', type: 'order.placed', data: { customer } }))
  const spec = {
    given,
    tables: { customers: [{ key: 'ada', value: { tier: 'gold' } }] },
    expect: { outputs: { out: [{ data: { customer: 'ada', tier: 'gold' } }] }, dead: [{ step: 'known' }] },
  }
  const plan = await planned(looking)
  const { tests, issues } = readTests({ tests: [spec] }, plan)
  assert.equal(issues, [])
  assert.equal((await runTest(tests[0]!, { plan, module: import.meta.url, resolve })).differences, [])
})

test('a test says how what came differs from what was expected, and only of what is named', async () => {
  const outcome = await outcomeOf(some, { watched: [{ step: 'hourly', port: 'late' }] })
  const lines = (expected: Parameters<typeof differencesOf>[0]): unknown =>
    differencesOf(expected, outcome).map(difference => [difference.path.join('/'), difference.lines])
  assert.equal(lines({}), [])
  assert.equal(lines({ steps: { big: 3, hourly: { in: 3, late: 1 }, log: 6 } }), [])
  assert.equal(lines({ dead: [{ step: 'big', cause: 'debt' }] }), [])
  assert.equal(
    lines({
      state: {
        revenue: [
          { key: ['ada', '2026-01-01T14:00:00Z'], value: { n: 1, sum: 100 } },
          { key: ['ada', noon], value: { n: 1, sum: 300 } },
        ],
      },
    }),
    [],
  )
  assert.equal(lines({ outputs: { 'large-ada': [{ type: 'order.large' }, { data: { customer: 'ada', total: 100 } }], 'large-x': [] } }), [])
  assert.equal(lines({ late: { hourly: [{ total: 500 }] } }), [])
  assert.equal(
    lines({ outputs: { 'large-bob': [], 'large-ada': [{ data: { total: 300 } }, { data: { customer: 'ada', total: 100 } }] } }),
    [
      [
        'outputs/large-bob',
        ['+ { step: announce, type: order.large, data: { customer: bob, total: 500 }, time: "2026-01-01T12:00:00.003Z" }'],
      ],
      [
        'outputs/large-ada',
        ['- { data: { total: 300 } }', '+ { data: { customer: ada, total: 300 } }', '  { data: { customer: ada, total: 100 } }'],
      ],
    ],
  )
  assert.equal(lines({ dead: [], steps: { big: 4 } }), [
    ['dead', [`+ { step: big, cause: "RangeError: a debt", row: ${deadRow(outcome)}, stream: order-1, type: order.placed }`]],
    ['steps/big', ['- 4', '+ 3']],
  ])
})

function deadRow({ dead }: TrialOutcome): string {
  const row = dead.first[0]?.row as Record<string, unknown>
  return `{ ${Object.entries(row)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(', ')} }`
}

test('requests of webhooks are gathered and not made', async () => {
  const hooked = topology('hooked', { version: 1 })
  hooked
    .follow<{ total: number }>({ types: ['order.placed'] })
    .step('webhook', { id: 'hook', url: 'http://127.0.0.1:9/{total}', body: ['total'] })
  const plan = await planned(hooked.definition)
  const given = [7, 8].map(total => ({ stream: 'o-1', type: 'order.placed', data: { total } }))
  const webhooks = { hook: [{ body: { total: 7 }, url: 'http://127.0.0.1:9/7', method: 'POST' }, { body: { total: 8 } }] }
  const { tests, issues } = readTests({ tests: [{ given, expect: { webhooks } }] }, plan)
  assert.equal(issues, [])
  assert.equal((await runTest(tests[0]!, { plan, module: import.meta.url, resolve })).differences, [])
})

test('a function that is not the same at every call is found out', async () => {
  let calls = 0
  const fickle = (): boolean => calls++ % 3 === 0
  const plan = await planned()
  const subject = {
    plan,
    module: import.meta.url,
    resolve: async (reference: string) => (reference.endsWith('isBig') ? fickle : resolve(reference)),
  }
  const given = Array.from({ length: 7 }, (_, at) => ({
    stream: 'o-1',
    type: 'order.placed',
    data: { customer: 'ada', total: at, at: noon },
  }))
  const { tests } = readTests({ tests: [{ given, expect: {} }] }, plan)
  const { differences } = await runTest(tests[0]!, subject)
  assert.ok(differences.length > 0)
  assert.ok(differences.every(({ path }) => path.length === 0))
})

test('a topology that can not be built is a failure with its reason', async () => {
  const plan = await planned()
  const { tests } = readTests({ tests: [{ given: [], expect: {} }] }, plan)
  const broken = { plan, module: import.meta.url, resolve: async () => 'no function' }
  const { differences, outcome } = await runTest(tests[0]!, broken)
  assert.equal([differences.length, outcome], [1, undefined])
})

test('a generator makes its own rows, at most so many, or is given some', async () => {
  const pageOf = (from: number, rows: number) => ({
    kind: 'page' as const,
    port: 'main',
    input: 0,
    count: rows,
    columns: new Map([['n', { kind: 'number' as const, values: Float64Array.from({ length: rows }, (_, at) => from + at) }]]),
    order: Float64Array.from({ length: rows }, (_, at) => from + at),
  })
  const make = () => ({ next: (rows: number, from: number) => (from >= 30 ? null : pageOf(from, Math.min(rows, 30 - from))) })
  const made = topology('made', { version: 1 })
    .generate<{ n: number }>('./f.ts#make')
    .projection({ id: 'rows', name: 'rows', key: ['n'], value: ['n'] }).definition
  const plan = await planTopology(made)
  const start = (): Promise<Trial> => Trial.start({ plan, module: import.meta.url, resolve: async () => make })
  const some = await start()
  assert.is(some.generate(12), false)
  some.end({ closes: true })
  assert.equal([some.outcome.source.rows, some.outcome.state['rows']?.count], [12, 12])
  const all = await start()
  assert.is(all.generate(1000), true)
  all.end({ closes: true })
  assert.equal([all.outcome.source.rows, all.outcome.state['rows']?.count], [30, 30])
  const { tests, issues } = readTests(
    {
      tests: [
        { given: [{ data: { n: 5 } }], expect: { steps: { rows: 1 } } },
        { name: 'own', expect: { steps: { rows: 30 } } },
      ],
    },
    plan,
  )
  assert.equal(issues, [])
  for (const one of tests) assert.equal((await runTest(one, { plan, module: import.meta.url, resolve: async () => make })).differences, [])
})

test.run()
