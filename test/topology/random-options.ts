/** Random options for the operators of the catalogue, over the columns that are known at a place; many of them are refused, and tried again. */
import type { RowType } from '../../operators/expressions/types.ts'
import { columns } from '../../operators/functions.ts'
import type { StepInput } from '../../topology/plan.ts'
import type { Step } from '../../topology/topology.ts'
import { projection } from '../../topology/projection.ts'
import { aggregatesOf } from './random-aggregates.ts'
import { joinOptionsOf } from './random-joins.ts'
import { pattern } from './random-patterns.ts'
import { timedFunctions } from './random-timers.ts'
import { globalWindow, over, refiring, tumble } from './random-windows.ts'
import type { Chance } from './random-logs.ts'

type Options = Readonly<Record<string, unknown>>

/** What a step may build upon. */
export interface Ground {
  readonly row: RowType
  readonly from: readonly StepInput[]
  readonly steps: readonly Step[]
}

const dataColumns = ['at', 'came', 'key', 'n', 'small', 'flag', 'tags', 'item', 'message', 'extra']

interface SomeRow {
  readonly n?: number
  readonly small?: number
  readonly flag?: boolean
  readonly tags?: readonly unknown[]
  readonly [name: string]: unknown
}

/** The functions that steps name. They fail for some rows, and what they make shows in which order they were given fields. */
export const functions: Readonly<Record<string, unknown>> = {
  '#even': ({ n }: SomeRow) => {
    if (typeof n !== 'number') throw new TypeError('n is no number')
    return Math.trunc(n) % 2 === 0
  },
  '#remade': (row: SomeRow) => {
    if (row.small === 2 && row.flag === true) throw new RangeError('two')
    return { ...row, n: typeof row.n === 'number' ? row.n * 2 : null, message: JSON.stringify(row), item: { ...row } }
  },
  '#exploded': ({ tags = [], ...row }: SomeRow) => tags.map((tag, index) => ({ ...row, key: tag, n: index })),
  '#folded': (state: { count: number; seen: readonly unknown[] }, row: SomeRow) => {
    if (row.flag === undefined) throw new TypeError('no flag')
    return { count: state.count + 1, seen: [...state.seen.slice(-2), row.n ?? null], last: row }
  },
  '#reduced': (before: SomeRow, row: SomeRow) => {
    if (row.small === undefined) throw new TypeError('no small')
    return (row.n ?? 0) > (before.n ?? 0) ? row : { ...before, n: before.n, tags: [before.n ?? 0, row.n ?? 0] }
  },
  '#events': projection<{ type: string; data: SomeRow }, { count: number; last: unknown }>({
    name: 'events',
    revision: 1,
    initial: { count: 0, last: null },
    key: ({ type, data }) => (data.small === 1 ? undefined : [type, data.flag === true]),
    fold(state, { data, stream }) {
      if (data.n === 3) throw new RangeError('three')
      return state.count === 4 ? null : { count: state.count + 1, last: [stream, data.n ?? null] }
    },
  }),
  '#keep': columns({ reads: { n: 'number' }, writes: { keep: 'boolean' } }, ({ n }, { keep }, rowCount) => {
    for (let row = 0; row < rowCount; row++) {
      if (n.values[row] === 7) throw new RangeError('seven')
      keep.values[row] = n.nulls?.[row] === 1 || (n.values[row] as number) > 0 ? 1 : 0
    }
  }),
  '#written': columns({ reads: { small: 'number' }, writes: { small: 'number', extra: 'text' } }, ({ small }, made, rowCount) => {
    for (let row = 0; row < rowCount; row++) {
      made.small.values[row] = (small.values[row] as number) * 2
      made.small.nulls[row] = small.nulls?.[row] ?? 0
      made.extra.codes[row] = made.extra.codeOf(`s${small.values[row]}`)
    }
  }),
  ...timedFunctions,
  '#look': (row: SomeRow) => {
    if (row.n === 3) throw new RangeError('three')
  },
}

/** Names of columns that may be there. */
export function namesIn({ row }: Pick<Ground, 'row'>): readonly string[] {
  const known = Object.keys(row.fields)
  return row.isOpen ? [...new Set([...dataColumns, ...known.filter(name => !name.startsWith('$'))])] : known
}

function numbersIn(ground: Ground): readonly string[] {
  const names = namesIn(ground).filter(name => ['n', 'small', 'came', 'at', 'windowStart', 'count', 'rank'].includes(name))
  return names.length > 0 ? names : ['n']
}

function condition(chance: Chance, ground: Ground): string {
  const [number, name] = [chance.oneOf(numbersIn(ground)), chance.oneOf(namesIn(ground))]
  return chance.oneOf([
    `${number} > ${chance.below(6)}`,
    `${number} % 3 = 1`,
    `n / small > 1`,
    `flag`,
    `key in ('a', 'é')`,
    `length(key) < 2`,
    `"${name}" is not null`,
    '#even',
    '#keep',
  ])
}

function aggregate(chance: Chance, ground: Ground): Options {
  const all: Options = {
    n: chance.oneOf(aggregatesOf)(chance.oneOf(numbersIn(ground))),
    small: chance.oneOf([{ aggregate: 'count' }, { aggregate: 'countDistinct', field: chance.oneOf(namesIn(ground)) }]),
    tags: chance.oneOf([
      { aggregate: 'collect', field: chance.oneOf(namesIn(ground)), most: 4 },
      { aggregate: 'approxTop', field: chance.oneOf(namesIn(ground)), k: 2, counters: 3 },
      { aggregate: 'argMax', field: chance.oneOf(numbersIn(ground)), ...(chance.is(0.5) && { take: chance.someOf(namesIn(ground), 3) }) },
    ]),
    item: { aggregate: chance.oneOf(['first', 'last', 'mode']), field: chance.oneOf(namesIn(ground)) },
    at: { aggregate: chance.oneOf(['last', 'min']), field: 'at' },
    flag: { aggregate: chance.oneOf(['some', 'every']), field: 'flag' },
  }
  const where = (): Options => (chance.is(0.3) ? { where: condition(chance, ground) } : {})
  return Object.fromEntries(chance.someOf(Object.keys(all), 4).map(name => [name, { ...(all[name] as Options), ...where() }]))
}

/** A key and what is computed, under other names than those of the key. */
function keyed(chance: Chance, ground: Ground): Options {
  const key = by(chance, ground)
  const made = Object.entries(aggregate(chance, ground)).filter(([name]) => !(key['by'] as readonly string[] | undefined)?.includes(name))
  return { ...key, aggregate: made.length > 0 ? Object.fromEntries(made) : { rows: { aggregate: 'count' } } }
}

function by(chance: Chance, ground: Ground): Options {
  if (chance.is(0.15)) return {}
  return {
    by: chance.someOf(
      namesIn(ground)
        .filter(name => ['key', 'small', 'flag', 'extra', 'item', 'n'].includes(name))
        .concat('key'),
      2,
    ),
  }
}

function table(chance: Chance, ground: Ground): Options {
  const writer = ground.steps.filter(({ operator }) => operator === 'projection')
  if (writer.length === 0 || chance.is(0.2)) {
    const file = 'data:text/csv,key,extra,small%0Aa,one,1%0Aé,two,%0Anull,three,3'
    return { table: { file, key: 'key', format: 'csv' }, match: 'key', take: ['extra'] }
  }
  const { name, key, value } = chance.oneOf(writer).options as { name: string; key: readonly string[]; value?: readonly string[] }
  const match = key.map(one => (chance.is(0.7) ? one : chance.oneOf(namesIn(ground))))
  return {
    table: { projection: name },
    match: match.length === 1 && chance.is(0.5) ? match[0] : match,
    take: { [chance.oneOf(['looked', 'n', 'extra'])]: chance.oneOf(value ?? dataColumns) },
  }
}

/** A projection of its own, or one that an earlier step writes as well. */
function sharedProjection(chance: Chance, ground: Ground, id: string): Options {
  const others = ground.steps.filter(({ operator }) => operator === 'projection')
  if (others.length > 0 && chance.is(0.3)) {
    const { name, key } = chance.oneOf(others).options
    return { name, key }
  }
  const columns = namesIn(ground).filter(name => ['key', 'small', 'windowStart', 'n'].includes(name))
  return { name: `rows-${id}`, key: chance.someOf([...columns, 'key'], 2) }
}

function names(chance: Chance, ground: Ground): readonly string[] {
  return chance.someOf(namesIn(ground))
}

/** By operator; what they give may be refused by the check. */
export const optionsOf: Readonly<Record<string, (chance: Chance, ground: Ground, id: string) => Options>> = {
  // Which partitions are idle would be a matter of stamps, and two nodes have others.
  eventTime: (chance, ground) => ({
    ...chance.oneOf<Options>([{}, {}, { idle: chance.oneOf([1, 5, 50]) }, { watermark: 'partition' }]),
    field: chance.oneOf(['at', 'at', namesIn(ground).includes('windowEnd') ? 'windowEnd' : 'at', 'came']),
    lag: chance.oneOf([0, 0, 10, 60, 200]),
    ...(chance.is(0.5) && { maxFuture: { allow: chance.oneOf([50, 200, 1000]), of: 'came' } }),
  }),
  processingTime: chance => (chance.is(0.5) ? { as: chance.oneOf(['at', 'extra']) } : {}),
  every: chance => ({ interval: chance.oneOf([10, 25, 100]), offset: chance.oneOf([0, 7]) }),
  process: (chance, ground) => ({
    ...(chance.is(0.7) && { by: chance.someOf(namesIn(ground), 2) }),
    with: '#processed',
    initial: { count: 0 },
    ...(ground.row.isTimed && { onTimer: '#due' }),
    ...(ground.row.isTimed && chance.is(0.4) && { ttl: chance.oneOf([20, 200]) }),
  }),
  filter: (chance, ground) => ({ where: condition(chance, ground) }),
  lookup(chance, ground) {
    const kind = chance.oneOf(['inner', 'left', 'semi', 'anti'])
    const { take, ...options } = table(chance, ground)
    return { ...options, kind, ...(kind !== 'semi' && kind !== 'anti' && { take }) }
  },
  ...joinOptionsOf,
  map: (chance, ground) => ({
    to: chance.oneOf<unknown>([
      '#remade',
      '#written',
      { n: `${chance.oneOf(numbersIn(ground))} / 2` },
      { n: `10 / ${chance.oneOf(numbersIn(ground))}`, extra: 'key' },
      { extra: `"${chance.oneOf(namesIn(ground))}"`, flag: `${chance.oneOf(numbersIn(ground))} > 2` },
    ]),
  }),
  select: (chance, ground) => ({
    columns: chance.is(0.7) ? names(chance, ground) : { key: 'key', n: 'n + 1', at: 'at', flag: 'n > small' },
  }),
  rename: (chance, ground) => ({
    columns: chance.oneOf<unknown>([{ key: 'extra', extra: 'key' }, { other: chance.oneOf(namesIn(ground)) }]),
  }),
  drop: (chance, ground) => ({ columns: chance.someOf(namesIn(ground), 2) }),
  unnest: () => ({ field: 'tags' }),
  flatMap: chance => (chance.is(0.5) ? { to: '#exploded' } : { of: 'tags', as: chance.oneOf(['key', 'tag']) }),
  format: (chance, ground) => ({
    as: chance.oneOf(['json', 'csv']),
    into: 'message',
    ...(chance.is(0.6) && { columns: names(chance, ground).filter(name => name !== 'message') }),
  }),
  parse: chance => ({ field: 'message', ...(chance.is(0.3) && { into: 'item' }), ...(chance.is(0.3) && { columns: ['x'] }) }),
  validate: (chance, ground) =>
    chance.is(0.5)
      ? { where: condition(chance, ground), ...(chance.is(0.5) && { reason: 'no {key}' }) }
      : { schema: { properties: { n: { type: 'integer' }, key: { minLength: 1 } } } },
  tap: chance => (chance.is(0.5) ? { do: '#look', every: chance.oneOf([1, 3]) } : {}),
  route: (chance, ground) => ({
    routes: { left: condition(chance, ground), right: condition(chance, ground) },
    ...(chance.is(0.4) && { match: 'all' }),
  }),
  keyBy: (chance, ground) => ({ fields: by(chance, ground)['by'] ?? ['key'] }),
  merge: () => ({}),
  catch: () => ({}),
  globalWindow: (chance, ground) => ({ ...globalWindow(chance), ...keyed(chance, ground) }),
  over: (chance, ground) => ({ ...over(chance), ...keyed(chance, ground) }),
  cumulate: (chance, ground) => ({ size: 120, step: chance.oneOf([120, 30, 10]), ...keyed(chance, ground) }),
  tumble: (chance, ground) => ({ ...tumble(chance), ...keyed(chance, ground), ...refiring(chance) }),
  hop: (chance, ground) => ({
    size: chance.oneOf([100, 150]),
    every: chance.oneOf([50, 70, 100]),
    ...keyed(chance, ground),
    ...refiring(chance),
  }),
  session: (chance, ground) => ({ gap: chance.oneOf([5, 30, 100]), ...keyed(chance, ground), ...refiring(chance) }),
  countWindow: (chance, ground) => ({
    size: chance.oneOf([1, 2, 5]),
    ...(chance.is(0.3) && { every: 1 }),
    ...(chance.is(0.3) && { flushAtEnd: true }),
    ...keyed(chance, ground),
  }),
  total: (chance, ground) => ({ ...keyed(chance, ground) }),
  pattern: (chance, ground) => ({
    ...by(chance, ground),
    ...pattern(chance, { numbers: numbersIn(ground), names: namesIn(ground), condition: () => condition(chance, ground) }),
  }),
  topN: (chance, ground) => ({
    n: 1 + chance.below(4),
    order: [`${chance.is(0.5) ? '-' : ''}${chance.oneOf(namesIn(ground))}`, chance.oneOf(namesIn(ground))],
    ...(chance.is(0.3) && { by: ['key'] }),
    ...(chance.is(0.5) && { per: chance.oneOf(['window', 'window', 'end']) }),
  }),
  dedupe: (chance, ground) => ({ ...by(chance, ground), ...(ground.row.isTimed && chance.is(0.6) && { ttl: chance.oneOf([20, 200]) }) }),
  changes: (chance, ground) => ({ ...by(chance, ground), ...(chance.is(0.7) && { of: chance.someOf(namesIn(ground), 3) }) }),
  count: (chance, ground) => ({ ...by(chance, ground), as: chance.oneOf(['count', 'n']) }),
  latest: (chance, ground) => by(chance, ground),
  fold: (chance, ground) => ({
    ...by(chance, ground),
    initial: { count: 0, seen: [] },
    with: '#folded',
    ...(chance.is(0.3) && { as: 'item' }),
  }),
  reduce: (chance, ground) => ({ ...by(chance, ground), with: '#reduced' }),
  enrich: (chance, ground) => ({ ...table(chance, ground), missing: chance.oneOf(['pass', 'deadLetter']) }),
  append: (chance, ground, id) => ({
    stream: chance.oneOf([`out-${id}`, `out-${id}`, `out-${id}-{key}`]),
    type: chance.oneOf(['made', 'made', 'made.{small}']),
    ...(chance.is(0.3) && { data: names(chance, ground) }),
  }),
  projection: (chance, ground, id) => ({
    ...sharedProjection(chance, ground, id),
    ...(chance.is(0.3) && { value: names(chance, ground) }),
  }),
  foldInto: (_, __, id) => ({ name: `folded-${id}`, with: '#events' }),
  webhook: (chance, ground) => ({
    url: 'https://shop.example/{key}',
    ...(chance.is(0.5) && { body: names(chance, ground) }),
  }),
  deadLetter: chance => (chance.is(0.5) ? { reason: 'not wanted: {key}' } : {}),
}
