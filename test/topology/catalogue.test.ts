/** File = builder = plan, for every operator and every option: made from the catalogue, so that a new operator is tried without a line here. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { stringify } from 'yaml'
import type { AggregateUse } from '../../operators/aggregates/aggregate.ts'
import { aggregates } from '../../operators/aggregates/index.ts'
import { operators } from '../../operators/index.ts'
import type { AnyOperator, OptionSpec } from '../../operators/operator.ts'
import { Stream, topology, type TopologyBuilder } from '../../topology/pipeline.ts'
import { planTopology } from '../../topology/plan.ts'
import { readTopologyText } from '../../topology/read/read.ts'
import type { Topology } from '../../topology/topology.ts'

type Values = Readonly<Record<string, unknown>>

/** Options that exclude those of the example, with what they need instead. */
const otherWays: Readonly<Record<string, readonly Values[]>> = {
  flatMap: [{ to: './f.ts#rows' }, { of: 'tags', as: 'tag' }],
  topN: [{ n: 3, order: ['-flights'], per: 'end' }],
  over: [{ rows: 5, order: 'arrival', by: ['origin'], aggregate: { flights: { aggregate: 'count' } } }],
  validate: [{ where: 'size > 1', reason: 'too small' }],
  joinInterval: [{ match: ['key'], until: 'expires' }],
  joinWindow: [{ size: '10s', match: ['key'], take: ['name'], prefix: 'their_' }],
  joinTable: [{ match: ['key'] }, { match: ['key'], keep: 'both', ttl: '1h' }],
}

/** How the builder's methods take their options where they do not take one object. */
const callsOf: Readonly<Record<string, (options: Values) => readonly unknown[]>> = {
  filter: ({ where, ...named }) => [where, named],
  map: ({ to, ...named }) => [to, named],
  select: ({ columns, ...named }) => [columns, named],
  rename: ({ columns, ...named }) => [columns, named],
  drop: ({ columns, ...named }) => [columns, named],
  unnest: ({ field, ...named }) => [field, named],
  route: ({ routes, ...rest }) => [routes, rest],
  keyBy: ({ fields }) => fields as readonly unknown[],
  merge: named => [[], named],
}

/** A value for an option that the example does not show. */
function sampleOf(operator: string, name: string, spec: OptionSpec): unknown {
  if (spec.sample !== undefined) return spec.sample
  if (spec.choices !== undefined) return spec.choices.at(-1)
  if (spec.default !== undefined) return spec.default
  const byType: Readonly<Record<string, unknown>> = {
    list: ['origin'],
    field: 'origin',
    fields: ['origin'],
    text: 'some',
    duration: '5m',
    number: spec.least ?? 2,
    boolean: true,
    condition: 'size > 1',
    template: 'some {origin}',
  }
  const value = byType[spec.type]
  assert.ok(value !== undefined, `${operator}: option ${name} needs a sample in its spec, so that it can be tried`)
  return value
}

/** The example alone, then with each option that it does not show, then all ways that exclude it. */
function casesOf({ spec, example }: AnyOperator): Values[] {
  const shown = [example.options, ...(otherWays[spec.name] ?? [])]
  const covered = new Set(shown.flatMap(options => Object.keys(options)))
  const more = Object.entries(spec.options)
    .filter(([name]) => !covered.has(name))
    .map(([name, option]) => ({ ...example.options, [name]: sampleOf(spec.name, name, option) }))
  return [...shown, ...more]
}

/** What must stand before the step, in the words of a file and of the builder. */
function preludeOf({ spec, example }: AnyOperator): { readonly steps: readonly Values[]; build(log: Stream<Values>): Stream<Values> } {
  const key = example.key
  const keyed: readonly Values[] = key === undefined ? [] : [{ id: 'keyed', keyBy: key }]
  const timed = { id: 'timed', eventTime: { field: 'at', lag: '1m' } }
  if (spec.inputs !== undefined)
    return { steps: [timed, { id: 'other', filter: 'size > 1' }], build: log => log.step('eventTime', { ...timed.eventTime, id: 'timed' }) }
  const build = (stream: Stream<Values>): Stream<Values> =>
    key === undefined ? stream : stream.step('keyBy', { id: 'keyed', fields: key })
  if (spec.takesDead === true) {
    const steps = [{ id: 'small', filter: 'size > 1' }]
    return { steps, build: log => log.filter('size > 1', { id: 'small' }).port('dead') }
  }
  if (spec.name === 'topN') {
    const windows = { by: ['origin'], size: '1h' }
    const steps = [timed, { id: 'windows', tumble: { ...windows, aggregate: { flights: 'count()' } } }]
    return {
      steps,
      build: log =>
        log
          .step('eventTime', { ...timed.eventTime, id: 'timed' })
          .step('tumble', { id: 'windows', ...windows, aggregate: { flights: { aggregate: 'count' } } }),
    }
  }
  return {
    steps: [timed, ...keyed],
    build: log => build(log.step('eventTime', { id: 'timed', ...timed.eventTime })),
  }
}

/** Aggregates as people write them. */
function asFile(options: Values, specs: Readonly<Record<string, OptionSpec>>): Values {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name,
      specs[name]?.type === 'aggregates' ? textsOf(value as Readonly<Record<string, AggregateUse>>) : value,
    ]),
  )
}

function textsOf(uses: Readonly<Record<string, AggregateUse>>): Values {
  return Object.fromEntries(
    Object.entries(uses).map(([result, { aggregate, field, of, ...rest }]) => {
      const first = field ?? of
      const all = Object.keys(aggregates[aggregate]?.spec.options ?? {}).filter(option => option !== 'field')
      const names = all.filter(option => option in rest)
      if (names.some(option => typeof rest[option] === 'object')) return [result, { aggregate, field, ...rest }]
      // Where one before it is left out, an option is named.
      const more = names.map((option, at) => (all[at] === option ? String(rest[option]) : `${option} => ${String(rest[option])}`))
      return [result, `${aggregate}(${[...(first === undefined ? [] : [first as string]), ...more].join(', ')})`]
    }),
  )
}

function fileOf(operator: AnyOperator, value: unknown, beside: Values = {}): string {
  const { steps } = preludeOf(operator)
  return stringify({
    topology: 'tried',
    version: 1,
    sources: { log: { follow: 'all' } },
    steps: [...steps, { id: 'it', ...beside, ...(operator.spec.inputs && { from: ['timed', 'other'] }), [operator.spec.name]: value }],
  })
}

function read(text: string): Topology {
  const { topology: made, findings } = readTopologyText(text, { file: 'tried.yaml' })
  const errors = findings.filter(({ severity }) => severity === 'error')
  assert.equal(errors, [], text)
  return made as Topology
}

/** `other` is the right side of a join. */
type Add = (stream: Stream<Values>, other: Stream<Values>) => unknown

function built(operator: AnyOperator, add: Add): Topology {
  const builder: TopologyBuilder = topology('tried', { version: 1 })
  const stream = preludeOf(operator).build(builder.follow<Values>())
  add(stream, operator.spec.inputs === undefined ? stream : stream.filter('size > 1', { id: 'other' }))
  return builder.definition
}

/** The stream, or for a join both together. */
function both({ spec }: AnyOperator, stream: Stream<Values>, other: Stream<Values>): Stream<Values> {
  return spec.inputs === undefined ? stream : stream.merge(other)
}

/** Calls the builder's method; those of joins take the right side first. */
function call({ spec }: AnyOperator, [stream, other]: readonly [Stream<Values>, Stream<Values>], options: Values): unknown {
  const words = callsOf[spec.name]?.(options) ?? [options]
  // The builder's methods differ in how they take their options, which is what is tried here.
  const methods = stream as unknown as Record<string, (...words: readonly unknown[]) => unknown>
  return methods[spec.name]?.(...(spec.inputs === undefined ? words : [other, ...words]))
}

/** They give up no rows, or all of them. */
const hasNoOrder: readonly string[] = ['catch', 'deadLetter', 'drop', 'keyBy', 'merge', 'rename']

for (const [name, operator] of Object.entries(operators)) {
  test(`${name}: file, builder and plan agree on every option`, async () => {
    for (const options of casesOf(operator)) {
      const file = read(fileOf(operator, asFile(options, operator.spec.options)))
      const wanted = built(operator, (stream, other) => both(operator, stream, other).step(name, { id: 'it', ...options }))
      assert.equal(file, wanted, JSON.stringify(options))
      const method: Add = (...streams) => call(operator, streams, { ...options, id: 'it' })
      if (name !== 'catch' && name !== 'keyBy') assert.equal(built(operator, method), wanted, `method ${name}`)
      assert.equal(await planTopology(file), await planTopology(wanted))
    }
  })

  if (!hasNoOrder.includes(name))
    test(`${name}: its rows may wait for each other`, async () => {
      const [options = {}] = casesOf(operator)
      // Behind a window there are only its own columns.
      const inOrder = name === 'topN' ? ['origin'] : ['$stream', 'other']
      const file = read(fileOf(operator, asFile(options, operator.spec.options), { inOrder }))
      assert.equal(file.steps.at(-1)?.inOrder, inOrder)
      const method: Add = (...streams) => call(operator, streams, { ...options, id: 'it', inOrder })
      const step: Add = (stream, other) => both(operator, stream, other).step(name, { id: 'it', ...options, inOrder })
      for (const add of [step, method]) {
        assert.equal(built(operator, add), file)
        const plan = await planTopology(built(operator, add))
        assert.equal(plan, await planTopology(file))
        assert.equal(plan.steps.at(-1)?.inOrder, inOrder)
        assert.ok(inOrder.every(column => plan.steps.at(-1)?.reads?.includes(column)))
      }
    })

  if (operator.spec.shorthand !== undefined) {
    test(`${name}: a bare value stands for ${operator.spec.shorthand}`, () => {
      const short = operator.spec.shorthand as string
      const { [short]: value, ...others } = operator.example.options
      if (value === undefined || Object.keys(others).some(other => operator.spec.options[other]?.required === true)) return
      assert.equal(read(fileOf(operator, value)), read(fileOf(operator, { [short]: value })))
    })
  }
}

test('the builder has a method for every operator', () => {
  const methods = Stream.prototype as unknown as Record<string, unknown>
  const without = Object.keys(operators).filter(name => typeof methods[name] !== 'function')
  assert.equal(without, [])
})

test('every aggregate is read from a text', () => {
  for (const [name, { spec }] of Object.entries(aggregates)) {
    const use = { aggregate: name, ...spec.example.options } as AggregateUse
    const text = textsOf({ made: use })
    const made = read(fileOf(operators['total'] as AnyOperator, { aggregate: text }))
    assert.equal(made.steps.at(-1)?.options['aggregate'], { made: use }, name)
  }
})

test.run()
