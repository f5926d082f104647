/** `process` against the contract, and behind `eventTime` against a twin that looks through all timers again and again. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { anyRow } from '../../operators/expressions/types.ts'
import type { Row } from '../../operators/flow.ts'
import { process, type ProcessContext } from '../../operators/process.ts'
import { topology, type TopologyBuilder } from '../../topology/pipeline.ts'
import { build, Outside, page } from '../actors/outside.ts'
import { operatorContract } from '../contract/operator.ts'
import { runOperator } from '../contract/operator-run.ts'

const test = operatorContract(process, {
  poison: { user: 'ann', page: 7 },
  twin: { skip: 'timers need watermarks in band: its twin stands below' },
})

interface Asked extends Row {
  readonly key: string
  readonly at: number
  readonly does: 'nothing' | 'timer' | 'named' | 'delete' | 'forget' | 'throw'
  readonly in: number
}

interface Counted {
  n: number
}

const functions = {
  'f#onRow': (state: Counted, row: Asked, context: ProcessContext) => {
    state.n++
    context.emit({ n: state.n, at: row.at })
    if (row.does === 'timer') context.timer(row.at + row.in)
    if (row.does === 'named') context.timer(row.at + row.in, 'named')
    if (row.does === 'delete') context.deleteTimer('named')
    if (row.does === 'throw') throw new Error('asked for')
    return row.does === 'forget' ? null : undefined
  },
  'f#onTimer': (state: Counted, { at, name }: { at: number; name?: string }, context: ProcessContext) => {
    if (at % 10 === 3) throw new Error('an unlucky time')
    context.emit({ n: state.n, due: at, name: name ?? null, watermark: context.watermark })
    if (name === 'named' && at % 2 === 0) context.timer(at + 15, 'again')
    return { n: state.n + 100 }
  },
}

const lagMs = 20
const rowsGiven = fc.array(
  fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    at: fc.integer({ min: 0, max: 300 }),
    does: fc.constantFrom('nothing', 'timer', 'named', 'delete', 'forget', 'throw'),
    in: fc.integer({ min: -30, max: 80 }),
  }),
  { maxLength: 40, size: 'max' },
) as fc.Arbitrary<readonly Asked[]>

function made(ttl: number | undefined): TopologyBuilder {
  return topology('t', { version: 1 })
    .follow<Asked>({})
    .eventTime({ id: 'timed', field: 'at', lag: lagMs })
    .process({
      id: 'process',
      by: ['key'],
      with: 'f#onRow',
      onTimer: 'f#onTimer',
      initial: { n: 0 },
      ...(ttl !== undefined && { ttl }),
    })
    .append({ stream: 'out', type: 'out' })
}

async function run(rows: readonly Asked[], ttl: number | undefined, pageRows: number, restarts: readonly number[]): Promise<Outside> {
  const outside = new Outside(functions)
  let fragment = await build(made(ttl), outside)
  let epoch = 0
  for (let at = 0; at < rows.length; at += pageRows) {
    fragment.push(page(rows.slice(at, at + pageRows), at))
    if (!restarts.some(restart => restart >= at && restart < at + pageRows)) continue
    fragment.push({ kind: 'barrier', epoch: ++epoch })
    fragment.close()
    fragment = await build(made(ttl), outside)
  }
  fragment.push({ kind: 'end' })
  return outside
}

interface TwinState {
  state: Counted | undefined
  timers: { at: number; name: string }[]
  expiresAt: number
}

function twinOf(rows: readonly Asked[], ttl = Infinity): { out: Row[]; dead: number } {
  const out: Row[] = []
  let dead = 0
  const states = new Map<string, TwinState>()
  let watermark = -Infinity
  const call = (
    own: TwinState,
    key: string,
    at: number,
    watermarkNow: number,
    work: (state: Counted, context: ProcessContext) => unknown,
  ): void => {
    const state = structuredClone(own.state ?? { n: 0 })
    let timers = own.timers
    const rowsMade: Row[] = []
    const context: ProcessContext = {
      key: [key],
      time: at,
      watermark: watermarkNow,
      emit: row => void rowsMade.push({ key, ...row }),
      timer: (due, name = '') =>
        (timers = [...timers.filter(one => (name === '' ? one.at !== due || one.name !== '' : one.name !== name)), { at: due, name }]),
      deleteTimer: which => (timers = timers.filter(({ name }) => name !== which)),
    }
    try {
      const returned = work(state, context)
      out.push(...rowsMade.map(row => JSON.parse(JSON.stringify(row)) as Row))
      const wasKept = own.state !== undefined
      own.state = returned === null ? undefined : ((returned as Counted | undefined) ?? state)
      own.timers = timers
      own.expiresAt = own.state === undefined ? Infinity : Math.max(wasKept ? own.expiresAt : -Infinity, at + ttl)
    } catch {
      dead++
    }
  }
  const fire = (until: number, isEnd = false): void => {
    const ended = new Set(isEnd ? [...states.values()].flatMap(({ timers }) => timers) : [])
    for (;;) {
      const due = [...states].flatMap(([key, own]) => [
        ...own.timers
          .filter(timer => (isEnd ? ended.has(timer) : timer.at <= until))
          .map(({ at, name }) => ({ at, key, own, name: name as string | undefined })),
        ...(own.state !== undefined && own.expiresAt <= until ? [{ at: own.expiresAt, key, own, name: undefined }] : []),
      ])
      due.sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : a.key > b.key ? 1 : (a.name ?? '~') < (b.name ?? '~') ? -1 : 1))
      const [first] = due
      if (first === undefined) return
      const { at, name, own, key } = first
      if (name === undefined) {
        own.state = undefined
        own.expiresAt = Infinity
        continue
      }
      own.timers = own.timers.filter(timer => timer.at !== at || timer.name !== name)
      call(own, key, at, at, (state, context) => functions['f#onTimer'](state, { at, ...(name !== '' && { name }) }, context))
    }
  }
  let max = -Infinity
  for (const row of rows) {
    fire(watermark)
    const own = states.get(row.key) ?? { state: undefined, timers: [], expiresAt: Infinity }
    states.set(row.key, own)
    call(own, row.key, row.at, watermark, (state, context) => functions['f#onRow'](state, row, context))
    fire(watermark)
    max = Math.max(max, row.at)
    watermark = max - lagMs
  }
  fire(watermark)
  fire(Infinity, true)
  return { out, dead }
}

test('equals a dumb twin behind an event time, at any page size and restart', async () => {
  const property = fc.asyncProperty(
    rowsGiven,
    fc.constantFrom(undefined, 40),
    fc.constantFrom(1, 2, 7, 4096),
    fc.array(fc.nat(40)),
    async (rows, ttl, pageRows, restarts) => {
      const outside = await run(rows, ttl, pageRows, restarts)
      const { out, dead } = twinOf(rows, ttl)
      assert.equal(outside.appended.map(([, data]) => JSON.parse(JSON.stringify(data)) as Row), out.map(withoutNulls)) // prettier-ignore
      assert.is(outside.deadRows.length, dead)
    },
  )
  await fc.assert(property, { seed: 3, numRuns: 400 })
})

const withoutNulls = (row: Row): Row => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))

test('what a call may not do makes its row a dead letter and leaves the state', async () => {
  const calls: Record<string, (state: Counted, row: Row, context: ProcessContext) => unknown> = {
    promise: () => Promise.resolve({ n: 1 }),
    date: () => new Date(),
    circle: () => {
      const circle: Record<string, unknown> = {}
      return (circle['own'] = circle)
    },
    mutated: state => void ((state as { n: unknown }).n = () => 1),
    noRow: (_, __, context) => context.emit([] as unknown as Row),
    noTime: (_, __, context) => context.timer(NaN),
    noFunction: (_, __, context) => context.timer(5),
    longName: (_, __, context) => context.timer(5, 'x'.repeat(201)),
  }
  const onRow = (state: Counted, row: { does: string }, context: ProcessContext): unknown => {
    const call = calls[row.does]
    if (call) return call(state, row, context)
    context.emit({ n: ++state.n })
    return state
  }
  const names = Object.keys(calls)
  const input = names.flatMap(does => [{ does }, { does: 'count' }])
  const { ports, dead } = await runOperator(process, {
    options: { with: 'f#onRow', initial: { n: 0 } },
    functions: { 'f#onRow': onRow },
    input,
    pageRows: 7,
  })
  assert.equal(dead, names.map((_, at) => 2 * at)) // prettier-ignore
  assert.equal(ports['main'], names.map((_, at) => ({ n: at + 1 }))) // prettier-ignore
})

test('a failed timer is a dead letter with its key, and can not be replayed', async () => {
  const outside = await run([{ key: 'a', at: 100, does: 'timer', in: 3 }, { key: 'b', at: 200, does: 'nothing', in: 0 }], undefined, 7, []) // prettier-ignore
  const [letter] = outside.deadRows
  assert.equal([letter?.step, letter?.row, letter?.input, letter?.order], ['process', { key: 'a', timerAt: 103 }, undefined, 1])
})

test('options that make no sense are refused', () => {
  const timed = { ...anyRow, isTimed: true }
  const refused = (options: object, row = timed): boolean => {
    try {
      process.types?.({ with: 'f#onRow', ...options }, row, () => undefined)
      return false
    } catch (error) {
      return isEventStoreError(error, 'INVALID')
    }
  }
  assert.equal([refused({}), refused({ ttl: '1s', onTimer: 'f#onTimer' }), refused({}, anyRow)], [false, false, false])
  assert.equal([refused({ ttl: 0 }), refused({ ttl: '1s' }, anyRow), refused({ onTimer: 'f#onTimer' }, anyRow)], [true, true, true])
})

test.run()
