/** Joins in topologies: what is refused before anything runs, which columns each side needs, what explain says, and how the builder names columns. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { topologyIssues } from '../../topology/check.ts'
import { type ExplainedStep, explainPlan } from '../../topology/explain.ts'
import { type Stream, topology } from '../../topology/pipeline.ts'
import { type PlanStep, planTopology } from '../../topology/plan.ts'
import { readTopologyText } from '../../topology/read/read.ts'
import type { Step, Topology } from '../../topology/topology.ts'

const fields = {
  at: 'timestamp',
  id: 'integer',
  name: 'text',
  seller: 'integer',
  price: 'number',
  expires: 'timestamp',
  tags: 'json',
} as const

interface Options {
  readonly operator?: string
  readonly from?: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  /** Whether the sides have an event time. */
  readonly timed?: readonly [boolean, boolean]
  readonly isDeclared?: boolean
}

function made({
  operator = 'joinInterval',
  from = ['left', 'right'],
  options,
  timed = [true, true],
  isDeclared = true,
}: Options): Topology {
  const source = { id: 'log', kind: 'log' as const, ...(isDeclared && { fields }) }
  const side = (id: string, isTimed: boolean): Step => ({
    id,
    operator: isTimed ? 'eventTime' : 'filter',
    options: isTimed ? { field: 'at', lag: 0 } : { where: 'id > 1' },
    from: [{ step: 'log', port: 'main' }],
  })
  const inputs = from.map(step => ({ step, port: 'main' }))
  return {
    name: 'joined',
    version: 1,
    sources: [source],
    steps: [side('left', timed[0]), side('right', timed[1]), { id: 'it', operator, options, from: inputs }],
  }
}

const good = { match: { seller: 'id' }, after: '1h' }

test('what can not be is refused, and names its option', () => {
  const cases: readonly (readonly [string, Options])[] = [
    ['', { options: good }],
    ['', { options: { ...good, take: { sellerName: 'name' } } }],
    ['', { options: { ...good, take: ['name'], prefix: 'seller_' } }],
    ['', { options: { match: ['id'], until: 'expires' } }],
    ['', { from: ['left', 'left'], options: good }],
    ['', { isDeclared: false, options: { ...good, match: { unheardOf: 'other' }, take: ['name'] } }],
    ['from', { from: ['left'], options: good }],
    ['from', { from: ['left', 'right', 'log'], options: good }],
    ['', { timed: [true, false], options: good }],
    ['match', { options: { after: '1h' } }],
    ['match', { options: { ...good, match: [] } }],
    ['match', { options: { ...good, match: ['unheardOf'] } }],
    ['match', { options: { ...good, match: { id: 'name' } } }],
    ['match', { options: { ...good, match: { tags: 'name' } } }],
    ['after', { options: { match: ['id'] } }],
    ['until', { options: { ...good, until: 'expires' } }],
    ['until', { options: { match: ['id'], until: 'unheardOf' } }],
    ['take', { options: { ...good, take: ['name'] } }],
    ['take', { options: { ...good, take: ['unheardOf'], prefix: 'x_' } }],
    ['take', { options: { ...good, kind: 'semi', take: { sellerName: 'name' } } }],
    ['prefix', { options: { ...good, prefix: 'x_' } }],
    ['kind', { options: { ...good, kind: 'outer' } }],
    ['size', { operator: 'joinWindow', options: { match: ['id'], size: 0 } }],
    ['every', { operator: 'joinWindow', options: { match: ['id'], size: '1m', every: '2m' } }],
    ['kind', { operator: 'joinTemporal', options: { match: ['id'], kind: 'full' } }],
    ['ttl', { operator: 'joinTemporal', options: { match: ['id'], ttl: 0 } }],
    ['', { operator: 'joinTable', timed: [false, false], options: { match: ['id'] } }],
    ['', { operator: 'joinTable', timed: [false, false], options: { match: ['id'], keep: 'both', state: 'unbounded' } }],
    ['', { operator: 'joinTable', options: { match: ['id'], keep: 'both', ttl: '1h', kind: 'full' } }],
    ['keep', { operator: 'joinTable', options: { match: ['id'], keep: 'both' } }],
    ['state', { operator: 'joinTable', options: { match: ['id'], state: 'unbounded' } }],
    ['state', { operator: 'joinTable', options: { match: ['id'], keep: 'both', ttl: '1h', state: 'unbounded' } }],
    ['ttl', { operator: 'joinTable', timed: [true, false], options: { match: ['id'], ttl: '1h' } }],
    ['ttl', { operator: 'joinTable', options: { match: ['id'], ttl: 0 } }],
    ['kind', { operator: 'joinTable', options: { match: ['id'], kind: 'right' } }],
  ]
  const isGood = (one: Options): boolean => one.timed?.[1] !== false || one.operator !== undefined
  for (const [option, one] of cases) {
    const issues = topologyIssues(made(one))
    const what = JSON.stringify([one, issues])
    if (option === '' && isGood(one)) assert.equal(issues, [], what)
    else {
      assert.is(issues.length, 1, what)
      // A required option that is missing stands at the step.
      assert.ok(issues[0]?.path.join('.').startsWith(option) || issues[0]?.message.includes(`option ${option} is missing`), what)
    }
  }
  assert.match(topologyIssues(made({ timed: [true, false], options: good }))[0]?.message ?? '', /needs an event time/)
})

async function planned(one: Options, wanted: readonly string[]): Promise<PlanStep> {
  const plain = made(one)
  const sink: Step = {
    id: 'out',
    operator: 'projection',
    options: { name: 'out', key: [wanted[0]], value: wanted },
    from: [{ step: 'it', port: 'main' }],
  }
  const { steps } = await planTopology({ ...plain, steps: [...plain.steps, sink] })
  return steps.find(({ id }) => id === 'it') as PlanStep
}

test('each side needs its own columns and no others', async () => {
  const { inputs = [], reads } = await planned({ options: { ...good, take: { sellerName: 'name' } } }, ['price', 'sellerName'])
  assert.equal(
    inputs.map(one => one.reads),
    [
      ['price', 'seller'],
      ['id', 'name'],
    ],
  )
  assert.equal(reads, ['id', 'name', 'price', 'seller'])
  const until = await planned({ options: { match: ['id'], until: 'expires', take: { theirs: 'price' } } }, ['theirs', 'price'])
  assert.equal(
    until.inputs?.map(one => one.reads),
    [
      ['expires', 'id', 'price'],
      ['id', 'price'],
    ],
  )
  const windowed = await planned({ operator: 'joinWindow', options: { match: ['id'], size: '1m', kind: 'semi' } }, ['name', 'windowEnd'])
  assert.equal(
    windowed.inputs?.map(one => one.reads),
    [['id', 'name'], ['id']],
  )
})

test('a table without a ttl holds no watermark back, and rows that wait for both sides do', async () => {
  const sides = async (options: object): Promise<number | undefined> =>
    (await planned({ operator: 'joinTable', options: { match: ['id'], ...options } }, ['price'])).sideInputs
  assert.is(await sides({}), 1)
  assert.is(await sides({ ttl: '1h' }), undefined)
  assert.is(await sides({ keep: 'both', state: 'unbounded' }), undefined)
})

test('explain says what is kept and for how long, and the columns of the match', async () => {
  const explained = async (operator: string, options: object): Promise<ExplainedStep> => {
    const plan = await planTopology(made({ operator, options: { match: { seller: 'id' }, ...options } }))
    return explainPlan(plan).steps.find(({ id }) => id === 'it') as ExplainedStep
  }
  const cases: readonly (readonly [string, object, RegExp])[] = [
    ['joinInterval', { before: '5m', after: '1h' }, /its time by 1h, .*its time by 5m/],
    ['joinInterval', { until: 'expires' }, /its `expires`/],
    ['joinWindow', { size: '10s' }, /10s at most/],
    ['joinTemporal', {}, /for ever/],
    ['joinTemporal', { ttl: '7d' }, /by 7d/],
    ['joinTable', {}, /newest row of each key of the right, for ever/],
    ['joinTable', { keep: 'both', state: 'unbounded' }, /all rows of the left.*for ever/],
    ['joinTable', { keep: 'both', ttl: '2h' }, /by 2h/],
  ]
  for (const [operator, options, keeps] of cases) {
    const found = await explained(operator, options)
    assert.match(found.keeps ?? '', keeps)
    assert.equal(found.key, ['seller'])
    // Whatever is kept, a row meets the rows of its key in one lane.
    assert.equal(found.splitBy, [['seller'], ['id']])
  }
})

test('the columns that leave are known behind a join', async () => {
  const plain = made({ options: { ...good, take: { sellerName: 'name' } } })
  const behind = (where: string): readonly string[] => {
    const filter: Step = { id: 'behind', operator: 'filter', options: { where }, from: [{ step: 'it', port: 'main' }] }
    return topologyIssues({ ...plain, steps: [...plain.steps, filter] }).map(({ message }) => message)
  }
  assert.equal(behind("sellerName = 'Ann' and price > 3"), [])
  assert.match(behind('sellerNam = 3')[0] ?? '', /sellerName/)
})

test('a file says where a mistake stands', () => {
  const text = `topology: shop
version: 1
sources:
  auctions: { follow: [auctions] }
  persons: { follow: [persons] }
steps:
  - { id: opened, from: auctions, eventTime: { field: at, lag: 10s } }
  - { id: joined, from: persons, eventTime: { field: at, lag: 10s } }
  - id: sellers
    from: [opened, joined]
    joinTable:
      match: { seller: id }
      keep: both
sinks:
  out: { from: sellers, projection: { name: out, key: [seller] } }
`
  const { findings } = readTopologyText(text, { file: 'shop.yaml' })
  assert.equal(
    findings.map(({ line, path, severity }) => [line, path, severity]),
    [[13, 'steps[2].joinTable.keep', 'error']],
  )
  const right = readTopologyText(text.replace('keep: both', 'keep: both\n      ttl: 1h\n      take: [name]'), { file: 'shop.yaml' })
  assert.equal(right.findings, [])
  assert.equal(right.topology?.steps.at(-2)?.options, { match: { seller: 'id' }, keep: 'both', ttl: '1h', take: ['name'] })
})

interface Auction {
  readonly at: number
  readonly seller: number
  readonly price: number
}
interface Person {
  readonly id: number
  readonly name: string
}

test('the builder follows the columns of both sides; what several steps bring together is one side', () => {
  const builder = topology('shop', { version: 1 })
  const auctions = builder.follow<Auction>({ id: 'auctions', types: ['auction'] }).eventTime({ id: 'opened', field: 'at', lag: '1s' })
  const persons = builder.follow<Person>({ id: 'persons', types: ['person'] })
  const others = builder.follow<Person>({ id: 'others', types: ['other'] })
  const sold = auctions.joinTable(persons.merge(others), {
    id: 'sold',
    kind: 'left',
    match: { seller: 'id' },
    take: ['name'],
    prefix: 'seller_',
  })
  // The columns of the right are null where there may be none.
  const typed: Stream<Auction & { seller_name: string | null }> = sold
  typed.filter('price > 3').keyBy('seller_name')
  const steps = builder.definition.steps.map(({ id, operator, from }) => [id, operator, from.map(({ step }) => step)])
  assert.equal(steps.slice(1, 3), [
    ['merge', 'merge', ['persons', 'others']],
    ['sold', 'joinTable', ['opened', 'merge']],
  ])
  // @ts-expect-error the right has no such column
  auctions.joinTable(persons, { id: 'a', match: { seller: 'ide' } })
  // @ts-expect-error nor has the left
  auctions.joinTable(persons, { id: 'b', match: { seler: 'id' } })
  // @ts-expect-error nor can what is not there be taken
  auctions.joinTable(persons, { id: 'c', match: { seller: 'id' }, take: ['nam'] })
})

test.run()
