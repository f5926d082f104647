/** What becomes of the state of each step when one version takes the place of another: pairs of versions, and what is to be said of them. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { operators } from '../../operators/index.ts'
import { diffPlans, type TopologyDiff } from '../../topology/diff.ts'
import { type Plan, planTopology } from '../../topology/plan.ts'
import { topologyOfText } from '../../topology/read/read.ts'
import { emptyLayout, firstLayout, nextLayout } from '../../topology/state-layout.ts'

/** Steps and sinks by id, in the words of a file. */
type Steps = Readonly<Record<string, string>>

interface Version {
  readonly types?: string
  readonly steps?: Steps
  readonly sinks?: Steps
}

const first = {
  types: 'paid',
  steps: {
    timed: '{ from: log, eventTime: { field: at, lag: 1m } }',
    big: '{ from: timed, filter: cents > 5 }',
    hourly: '{ from: big, tumble: { size: 1h, by: [customer], aggregate: { n: count() } } }',
    totals: '{ from: big, fold: { by: [customer], initial: { cents: 0 }, with: ./f.ts#add } }',
  },
  sinks: {
    rows: '{ from: totals, projection: { name: totals, key: [customer], value: [cents] } }',
    told: '{ from: hourly, append: { stream: hours, type: hour, data: [customer, n] } }',
  },
} satisfies Version

async function planOf(version: number, { types = first.types, steps = first.steps, sinks = first.sinks }: Version): Promise<Plan> {
  const lines = (all: Steps): string[] => Object.entries(all).map(([id, text]) => `  - ${text.replace('{', `{ id: ${id},`)}`)
  const named = (all: Steps): string[] => Object.entries(all).map(([id, text]) => `  ${id}: ${text}`)
  const text = ['topology: t', `version: ${version}`, 'sources:', `  log: { follow: { types: [${types}] } }`, 'steps:', ...lines(steps)]
  return planTopology(topologyOfText([...text, 'sinks:', ...named(sinks)].join('\n'), 't.yaml'))
}

const said = ({ steps }: TopologyDiff): Record<string, string> =>
  Object.fromEntries(steps.map(({ id, change, by, isLoss }) => [id, `${change}${by ? ` by ${by}` : ''}${isLoss ? ' loss' : ''}`]))

const kept = { log: 'kept', timed: 'kept', big: 'kept', hourly: 'kept', totals: 'kept', rows: 'kept', told: 'kept' }
const without = (all: Steps, id: string): Steps => Object.fromEntries(Object.entries(all).filter(([one]) => one !== id))

interface Case {
  readonly is: string
  readonly to: Version
  /** What differs from all being kept. */
  readonly says: Readonly<Record<string, string | undefined>>
  readonly from?: Version
}

const fold = (options: string): Version => ({
  steps: { ...first.steps, totals: `{ from: big, fold: { by: [customer], initial: { cents: 0 }, ${options} } }` },
})

const cases: readonly Case[] = [
  { is: 'the same', to: {}, says: {} },
  { is: 'a filter', to: { steps: { ...first.steps, big: '{ from: timed, filter: cents > 500 }' } }, says: {} },
  {
    is: 'the lag of the event time',
    to: { steps: { ...first.steps, timed: '{ from: log, eventTime: { field: at, lag: 5m } }' } },
    says: {},
  },
  {
    is: 'the size of a window',
    to: { steps: { ...first.steps, hourly: '{ from: big, tumble: { size: 2h, by: [customer], aggregate: { n: count() } } }' } },
    says: { hourly: 'replay loss' },
  },
  {
    is: 'a default that is written out',
    to: { steps: { ...first.steps, hourly: '{ from: big, tumble: { size: 1h, offset: 0, by: [customer], aggregate: { n: count() } } }' } },
    says: {},
  },
  { is: 'the function of a fold', to: fold('with: ./f.ts#other'), says: { totals: 'replay loss' } },
  { is: 'with an upgrade', to: fold('with: ./f.ts#other, upgrade: ./f.ts#up'), says: { totals: 'migrated by user' } },
  { is: 'another schema version', to: fold('with: ./f.ts#add, schemaVersion: 2'), says: { totals: 'replay loss' } },
  {
    is: 'another schema version with an upgrade',
    to: fold('with: ./f.ts#add, schemaVersion: 2, upgrade: ./f.ts#up'),
    says: { totals: 'migrated by user' },
  },
  { is: 'only an upgrade', to: fold('with: ./f.ts#add, upgrade: ./f.ts#up'), says: {} },
  {
    is: 'another key, which no upgrade mends',
    to: {
      steps: {
        ...first.steps,
        totals: '{ from: big, fold: { by: [at], initial: { cents: 0 }, with: ./f.ts#add, upgrade: ./f.ts#up } }',
      },
      sinks: { ...first.sinks, rows: '{ from: totals, projection: { name: totals, key: [at], value: [cents] } }' },
    },
    says: { totals: 'replay loss', rows: 'replay loss' },
  },
  {
    is: 'a step that is not there any more',
    to: { steps: without(first.steps, 'hourly'), sinks: without(first.sinks, 'told') },
    says: { hourly: 'dropped loss', told: 'dropped' },
  },
  {
    is: 'a filter that is not there any more',
    to: {
      steps: {
        ...without(first.steps, 'big'),
        hourly: first.steps.hourly.replace('big', 'timed'),
        totals: first.steps.totals.replace('big', 'timed'),
      },
    },
    says: { big: 'dropped' },
  },
  {
    is: 'a new step with state',
    to: {
      steps: { ...first.steps, counts: '{ from: big, count: { by: [customer] } }' },
      sinks: { ...first.sinks, n: '{ from: counts, projection: { name: counts, key: [customer] } }' },
    },
    says: { counts: 'new', n: 'new' },
  },
  {
    is: 'another operator under the id',
    to: { steps: { ...first.steps, totals: '{ from: big, reduce: { by: [customer], with: ./f.ts#add } }' } },
    says: { totals: 'replay loss' },
  },
  {
    is: 'a step that keeps nothing any more',
    to: { steps: { ...first.steps, totals: '{ from: big, select: { customer: customer, cents: cents } }' } },
    says: { totals: 'replay loss' },
  },
  {
    is: 'the id of a step: one begins, one goes',
    to: {
      steps: { ...without(first.steps, 'totals'), sums: first.steps.totals },
      sinks: { ...first.sinks, rows: first.sinks.rows.replace('totals,', 'sums,') },
    },
    says: { totals: 'dropped loss', sums: 'new' },
  },
  {
    is: 'the id of a projection of the same name',
    to: { sinks: { told: first.sinks.told, shown: first.sinks.rows } },
    says: { rows: undefined, shown: 'kept' },
  },
  { is: 'an append', to: { sinks: { ...first.sinks, told: first.sinks.told.replace('hours', 'others') } }, says: {} },
  { is: 'fewer types', from: { types: 'paid, sent' }, to: {}, says: {} },
  { is: 'more types', to: { types: 'paid, sent' }, says: { log: 'replay loss' } },
]

for (const { is, from = {}, to, says } of cases)
  test(`diff: ${is}`, async () => {
    const found = diffPlans(await planOf(1, { ...first, ...from }), await planOf(2, { ...first, ...to }))
    const wanted = Object.fromEntries(Object.entries({ ...kept, ...says }).filter(([, change]) => change !== undefined))
    assert.equal(said(found), wanted)
    assert.is(found.isSafe, !found.steps.some(({ isLoss }) => isLoss))
    assert.equal([found.topology, found.from, found.to], ['t', 1, 2])
    for (const { why } of found.steps) assert.ok(why.length > 0)
  })

test('a projection of another name is one that goes and one that begins', async () => {
  const to = { ...first, sinks: { ...first.sinks, rows: first.sinks.rows.replace('name: totals', 'name: sums') } }
  const { steps } = diffPlans(await planOf(1, first), await planOf(2, to))
  assert.equal(
    steps.filter(({ id }) => id === 'rows').map(({ change, isLoss }) => [change, isLoss]),
    [
      ['new', false],
      ['dropped', true],
    ],
  )
})

test('rows that reach a step in another way are said', async () => {
  const to = { ...first, steps: { ...first.steps, big: '{ from: timed, filter: cents > 500 }' } }
  const { steps } = diffPlans(await planOf(1, first), await planOf(2, to))
  const why = (id: string): string => steps.find(one => one.id === id)?.why ?? ''
  assert.match(why('hourly'), /another way/)
  assert.not.match(why('timed'), /another way/)
})

test('an operator that writes another version of its state makes it new, or can not', async () => {
  const plan = await planOf(1, first)
  const spec = operators['fold']!.spec as { stateVersion: number }
  const fold = operators['fold'] as { upgrades?: unknown }
  const saved = firstLayout(plan).states
  assert.is(saved['totals'], spec.stateVersion)
  const before = spec.stateVersion
  try {
    spec.stateVersion = before + 2
    const next = { ...plan, version: 2 }
    assert.is(said(diffPlans(plan, next, saved))['totals'], 'replay loss')
    fold.upgrades = { [before]: (rows: unknown) => rows }
    assert.is(said(diffPlans(plan, next, saved))['totals'], 'replay loss')
    fold.upgrades = { [before]: (rows: unknown) => rows, [before + 1]: (rows: unknown) => rows }
    const found = diffPlans(plan, next, saved)
    assert.is(said(found)['totals'], 'migrated by operator')
    const { migrations, layout } = nextLayout({ plan, layout: { ...emptyLayout, states: saved } }, next, found)
    const from = { stateVersion: before, generation: 0, schemaVersion: 1 }
    assert.equal(migrations, [{ step: 'totals', by: 'operator', from, to: { stateVersion: before + 2, generation: 1 } }])
    assert.equal([layout.generations, layout.states['totals']], [{ totals: 1 }, before + 2])
  } finally {
    spec.stateVersion = before
    delete fold.upgrades
  }
})

test('a step that comes back finds nothing of the one before it', async () => {
  const less = { ...first, steps: without(first.steps, 'hourly'), sinks: without(first.sinks, 'told') }
  const [one, two, three] = [await planOf(1, first), await planOf(2, less), await planOf(3, first)]
  const second = nextLayout({ plan: one, layout: firstLayout(one) }, two, diffPlans(one, two)).layout
  assert.equal([second.generations, second.forgotten], [{ hourly: 1, told: 1 }, ['hourly', 'told']])
  const third = nextLayout({ plan: two, layout: second }, three, diffPlans(two, three)).layout
  assert.equal([third.generations, third.forgotten], [{ hourly: 1, told: 1 }, []])
})

test('what makes its own rows goes on only if it makes the same', async () => {
  const made = (rows: number): Promise<Plan> =>
    planTopology({
      name: 'g',
      version: rows,
      sources: [{ id: 'made', kind: 'generate', reference: './g.ts#make', options: { rows } }],
      steps: [],
    })
  assert.equal(said(diffPlans(await made(1), await made(2))), { made: 'replay loss' })
  assert.equal(said(diffPlans(await made(1), await made(1))), { made: 'kept' })
  await planOf(1, { sinks: { bad: '{ from: none, append: { stream: s, type: t } }' } }).then(
    () => assert.unreachable(),
    (error: unknown) => assert.ok(isEventStoreError(error, 'INVALID')),
  )
})

test.run()
