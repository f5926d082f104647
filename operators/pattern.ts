/** `pattern`: finds rows of a key that follow one another as described (complex event processing). */
import type { Duration } from './duration.ts'
import { onlyFields, type RowType, typeOfField, type ValueType } from './expressions/types.ts'
import { onPage } from './lift.ts'
import type { Operator } from './operator.ts'
import { patternReads, type PatternExpression, selected, type StepCondition, stepCondition } from './patterns/pattern-expressions.ts'
import type { Skip } from './patterns/pattern-matches.ts'
import { PatternRows } from './patterns/pattern-rows.ts'
import { statesOf } from './patterns/pattern-states.ts'
import { type PatternStep, type PatternStepOptions, patternSteps, wrong } from './patterns/pattern-steps.ts'
import { byOption, keyedRow, positiveMs } from './windows/window-step.ts'
import { endOf } from './windows/window-order.ts'

export interface PatternOptions {
  readonly steps: readonly PatternStepOptions[]
  readonly by?: readonly string[]
  /** From the first row of a match to the last, less than this. */
  readonly within?: Duration
  /** There is no `within`: partial matches are kept for ever. */
  readonly unbounded?: boolean
  /** `none`, `pastLast`, `toNext`, `toFirst NAME`, `toLast NAME`. */
  readonly skip?: string
  /** `{ column: expression }` over the rows matched. */
  readonly select?: Readonly<Record<string, string>>
  readonly limit?: number
}

const limitDefault = 1000
const limitMost = 1_000_000

interface Read {
  readonly steps: readonly PatternStep[]
  readonly conditions: readonly StepCondition[]
  readonly select: Readonly<Record<string, PatternExpression>>
  readonly withinMs: number
  readonly skip: Skip
}

/** INVALID, with the option to blame, for what is no pattern over these columns. */
function readPattern({ steps: given, within, unbounded = false, skip = 'none', select = {} }: PatternOptions, row: RowType): Read {
  if (within === undefined && !unbounded)
    throw wrong('within', 'without within partial matches would be kept for ever; say how long a match may take, or unbounded: true')
  if (within !== undefined && unbounded) throw wrong('unbounded', 'a pattern with within is not unbounded')
  const withinMs = within === undefined ? Infinity : positiveMs(within, 'within')
  const steps = patternSteps(given, within !== undefined)
  for (const { name } of steps)
    if (Object.hasOwn(row.fields, name))
      throw wrong('steps', `${name} is a column, so a step of that name would hide it; give it another name`)
  return {
    steps,
    conditions: steps.map((_, at) => stepCondition(steps, at, row)),
    select: Object.fromEntries(
      Object.entries(select).map(([name, text]) => [name, selected(String(text), steps, { row, option: `select.${name}` })]),
    ),
    withinMs,
    skip: skipOf(skip, steps),
  }
}

function skipOf(text: string, steps: readonly PatternStep[]): Skip {
  const [, strategy, , name] = /^(none|pastLast|toNext)$|^(toFirst|toLast)\s+(\S+)$/.exec(text) ?? []
  if (strategy !== undefined) return { strategy: strategy as Skip['strategy'], step: -1 }
  const [word = ''] = text.split(/\s/)
  if (name === undefined) throw wrong('skip', `skip is none, pastLast, toNext, toFirst NAME or toLast NAME, not ${JSON.stringify(text)}`)
  const step = steps.findIndex(each => each.name === name && !each.isNot)
  if (step < 0) throw wrong('skip', `there is no step ${name} to skip to`)
  if (step === 0 && word === 'toFirst')
    throw wrong('skip', 'a match begins with its first row, so there would be nothing to skip; say toNext')
  return { strategy: word as Skip['strategy'], step }
}

const bounds = { matchStart: 'timestamp', matchEnd: 'timestamp' } as const

function resultRow(select: Read['select'], input: RowType): RowType {
  const fields: Record<string, ValueType> = {}
  for (const name of input.key) fields[name] = typeOfField(input, name) ?? 'any'
  const taken = (name: string): boolean => Object.hasOwn(fields, name)
  for (const [name, type] of Object.entries(bounds)) {
    if (taken(name)) throw wrong('by', `the key column ${name} has the name of a column that is made here; rename it before`)
    fields[name] = type
  }
  for (const [name, { expression }] of Object.entries(select)) {
    if (taken(name) && !input.key.includes(name))
      throw wrong(`select.${name}`, `${name} is a column that is made here; give yours another name`)
    fields[name] = expression.type
  }
  return { ...onlyFields(input, fields), key: [], isTimed: true }
}

/** The columns that steps and `select` read, told by reading the texts alone. */
function readsOf({ steps, select = {} }: PatternOptions): readonly string[] {
  const given = Array.isArray(steps) ? (steps as readonly Readonly<Record<string, unknown>>[]) : []
  const names = given.flatMap(step =>
    Object.entries(step).flatMap(([word, name]) => (word !== 'where' && typeof name === 'string' ? [name] : [])),
  )
  const texts = [...given.flatMap(({ where }) => (typeof where === 'string' ? [where] : [])), ...Object.values(select).map(String)]
  return texts.flatMap(text => patternReads(text, names))
}

export const pattern: Operator<PatternOptions> = {
  spec: {
    name: 'pattern',
    kind: 'keyed',
    summary: 'Finds rows of a key that follow one another as described.',
    description:
      'As CEP of Flink, or MATCH_RECOGNIZE of SQL: steps say what rows are like and how they follow the row before, see ' +
      '[Patterns](../patterns.md). Rows of a key are taken in the order of (event time, order) when the watermark has passed them, so that the ' +
      'order in which they arrived does not matter; a row is late, and leaves by the port `late`, if and only if it happened before the ' +
      'watermark stamped beside it. A match leaves when its last row is taken: the key, `matchStart` and `matchEnd` (times of its first and ' +
      'last row), and the columns of `select`. It happened when its last row did. Matches leave in the order of (time, key), those of a key ' +
      'and time by their first rows. A partial match whose time is over leaves by the port `timedOut`, with null for what was not matched, at ' +
      'the time of its first row plus `within`. A row for which a condition fails, or that would make more than `limit` partial matches, is a ' +
      'dead letter; so is the last row of a match for which `select` fails. What is decided when the watermark moves has its dead letter at ' +
      'the event that moved it.',
    options: {
      steps: {
        type: 'json',
        required: true,
        summary:
          'A list: `{ begin: NAME, where: … }`, then `next`, `followedBy`, `followedByAny`, `notNext` or `notFollowedBy` with a name, and ' +
          '`times`, `oneOrMore`, `optional`, `greedy`, `consecutive`, `allowCombinations`.',
      },
      by: { ...byOption, sample: ['card'] },
      within: { type: 'duration', summary: 'A match takes less than this from its first row to its last. It bounds the state.' },
      unbounded: {
        type: 'boolean',
        default: false,
        summary: 'There is no `within`, and partial matches are kept for ever.',
        sample: false,
      },
      skip: {
        type: 'text',
        default: 'none',
        summary:
          'Which partial matches go on after a match: `none` is dropped, or those up to `pastLast`, `toNext`, `toFirst NAME`, `toLast NAME`.',
        sample: 'pastLast',
      },
      select: {
        type: 'json',
        summary:
          'Columns `{ name: expression }` over the rows matched: `big.amount`, `first(small.amount)`, `count(small)`, `sum(small.amount)`.',
      },
      limit: {
        type: 'number',
        default: limitDefault,
        least: 1,
        most: limitMost,
        isWhole: true,
        summary: 'The most partial matches of a key; a row that would make more is a dead letter.',
      },
    },
    ports: {
      main: 'A row for each match.',
      timedOut: 'A row for each partial match that ran out of `within`.',
      late: 'Rows that happened before the watermark.',
    },
    stateVersion: 1,
    keeps: 'rows up to the watermark and partial matches of each key, those for `within` and at most `limit`',
    needsEventTime: true,
  },
  example: {
    title: 'A large payment behind small ones',
    options: {
      by: ['card'],
      within: '15m',
      skip: 'pastLast',
      steps: [
        { begin: 'small', where: 'amount < 5', times: '2+', greedy: true },
        { followedBy: 'big', where: 'amount > 100 * last(small.amount)' },
      ],
      select: { probes: 'count(small)', amount: 'big.amount' },
    },
    input: [
      { card: 1, amount: 2, $eventTime: 0, $watermark: -Infinity },
      { card: 1, amount: 600, $eventTime: 180_000, $watermark: -Infinity },
      { card: 1, amount: 3, $eventTime: 60_000, $watermark: -Infinity },
      { card: 2, amount: 4, $eventTime: 60_000, $watermark: -Infinity },
      { card: 2, amount: 1, $eventTime: 120_000, $watermark: 0 },
      'watermark 240000',
      { card: 2, amount: 9, $eventTime: 200_000, $watermark: 240_000 },
      'end',
      'barrier',
    ],
    output: {
      ports: {
        main: [{ card: 1, matchStart: 0, matchEnd: 180_000, probes: 2, amount: 600 }],
        timedOut: [
          { card: 2, matchStart: 60_000, matchEnd: 120_000, probes: 2, amount: null },
          { card: 2, matchStart: 120_000, matchEnd: 120_000, probes: 1, amount: null },
        ],
        late: [{ card: 2, amount: 9 }],
      },
    },
  },
  needs: (options, wanted) => new Set([...readsOf(options), ...(options.by ?? []), ...wanted('late')]),
  types(options, input) {
    const row = resultRow(readPattern(options, input).select, keyedRow(input, options.by))
    return { main: row, timedOut: row }
  },
  splitBy: ({ by }, key) => by ?? key,
  create(options, context) {
    const { steps, conditions, select, withinMs, skip } = readPattern(options, context.row)
    const { by, limit = limitDefault } = options
    const automaton = { states: statesOf(steps), conditions, withinMs, skip, limit }
    const expressions = [...Object.values(select), ...conditions.flatMap(({ beside }) => beside)]
    const reads = [...new Set(expressions.flatMap(each => each.reads))]
    const { steps: written, skip: skipText = 'none', select: selectText = {} } = options
    const meaning = { steps: written, withinMs: withinMs === Infinity ? null : withinMs, skip: skipText, select: selectText }
    const rows = new PatternRows(context, { automaton, by, select, reads, meaning })
    return onPage({
      page(page, emit) {
        const late = rows.add(page)
        if (late !== undefined) emit(late)
      },
      moves: moves => rows.expect(moves),
      watermark: ({ time }, emit) => time !== 'idle' && rows.advance(time, emit),
      barrier: () => rows.save(),
      end(emit, order) {
        if (order !== undefined) rows.expect(endOf(order))
        rows.advance(Infinity, emit)
      },
    })
  },
}
