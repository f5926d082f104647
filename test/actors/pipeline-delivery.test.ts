/** A pipeline that delivers: whatever dies and whenever, each request is made, in order, under one key; each that fails is one dead letter. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Fragment, FragmentContext } from '../../actors/fragment.ts'
import { finishOutbox } from '../../actors/finish.ts'
import type { PipelineActor } from '../../actors/pipeline.ts'
import { type EpochWrite, StateWriter } from '../../actors/state-writer.ts'
import { systemClock } from '../../event/clock.ts'
import { defaultLimits } from '../../event/limits.ts'
import { aliveRows, rowReader } from '../../operators/page.ts'
import { dropTopology, outboxPrefix, readTopologyRow, scanPrefix } from '../../store/state.ts'
import type { Plan } from '../../topology/plan.ts'
import { HookServer } from './hook-server.ts'
import {
  PARTITIONS,
  StandInLog,
  type StandInOptions,
  StandInStore,
  type StandInWorld,
  stampAt,
  startPipeline,
} from './pipeline-stand-ins.ts'

const EVENTS = 40
let hooks: HookServer
test.before.each(async () => {
  hooks = await HookServer.open()
})
test.after.each(() => hooks.down())

function worldOf(events = EVENTS): StandInWorld {
  const log = new StandInLog()
  for (let number = 0; number < events; number++) log.add({ amount: number })
  return { log, store: new StandInStore() }
}

/** Posts the number of each row, and appends it as well. */
const posting =
  (attempts: number) =>
  async (_: Plan, context: FragmentContext): Promise<Fragment> => {
    const outbox = context.outbox('notify')
    return {
      counters: new Map(),
      push(flow) {
        if (flow.kind !== 'page') return
        const read = rowReader(flow, [['number', 'amount']])
        for (const row of aliveRows(flow)) {
          const { number } = read(row)
          const request = {
            url: hooks.url,
            method: 'POST',
            headers: {},
            body: JSON.stringify({ number }),
            timeoutMs: 5000,
            attempts,
          } as const
          outbox.post(request, { step: 'notify', order: flow.order[row]!, row: { number }, input: 0, port: 'main', attempts: 1 })
          outbox.append('numbers', { type: 'number', data: number })
        }
      },
      close: () => undefined,
    }
  }

const plan: Plan = { topology: 'counts', version: 1, source: { id: 'events', kind: 'log', fields: ['amount', 'key'] }, steps: [] }

function start(world: StandInWorld, options: StandInOptions & { attempts?: number } = {}): Promise<PipelineActor> {
  const { attempts = 3, ...rest } = options
  return startPipeline(world, {
    plan,
    createFragment: posting(attempts),
    deliveryPauseMs: 1,
    pageRows: 3,
    upTo: stampAt(EVENTS - 1),
    ...rest,
  })
}

const hasEnded = ({ store }: StandInWorld): boolean => readTopologyRow(store, 'counts')?.status === 'ended'
const waiting = ({ store }: StandInWorld): number => [...scanPrefix(store, 'state', outboxPrefix('counts'))].length
const lettersOf = ({ log }: StandInWorld): unknown[] =>
  log.outputs.filter(({ stream }) => stream === '$dead-letter-counts').map(({ data }) => (data as { row: { number: number } }).row.number)

/** As the deployer does. */
async function runToEnd(world: StandInWorld, options: StandInOptions & { attempts?: number } = {}): Promise<void> {
  if (!hasEnded(world)) return assert.equal(await (await start(world, options)).done, { status: 'ended' })
  const { store, log } = world
  const isDone = await finishOutbox({
    topology: 'counts',
    incarnation: 99,
    store,
    writer: new StateWriter(store),
    appendOutbox: log.append,
    partitions: PARTITIONS,
    limits: defaultLimits,
    clock: systemClock,
    deliveryPauseMs: 1,
  })
  assert.ok(isDone)
}

const numbers = Array.from({ length: EVENTS }, (_, number) => number)
const keys = numbers.map(number => `counts#1/notify/${number + 1}`)

function assertDelivered(world: StandInWorld, letters: readonly number[] = []): void {
  assert.equal(hooks.keys, keys)
  assert.equal(
    hooks.bodies,
    numbers.map(number => ({ number })),
  )
  for (const { key, body } of hooks.received) assert.is(key, `counts#1/notify/${(body as { number: number }).number + 1}`)
  assert.equal(lettersOf(world), letters)
  assert.equal(
    world.log.outputs.filter(({ stream }) => stream === 'numbers').map(({ data }) => data),
    numbers,
  )
  assert.is(waiting(world), 0)
}

test('delivers each once, in order, and keeps nothing', async () => {
  const world = worldOf()
  await runToEnd(world)
  assertDelivered(world)
  assert.is(hooks.received.length, EVENTS)
  assert.equal(readTopologyRow(world.store, 'counts')!.lanes['notify/http'], EVENTS)
})

test('what is refused, or never answered, is a dead letter of its own; the others come through', async () => {
  const world = worldOf()
  hooks.answer = ({ body }) => {
    const { number } = body as { number: number }
    return number % 10 === 3 ? { status: 422, text: 'not that one' } : { status: number % 10 === 7 ? 500 : 200 }
  }
  await runToEnd(world)
  assertDelivered(world, [3, 7, 13, 17, 23, 27, 33, 37])
  const letters = world.log.outputs.filter(({ stream }) => stream === '$dead-letter-counts').map(({ data }) => data)
  const [refused, failed] = letters as { step: string; code: string; cause: string; attempts: number; position: unknown }[]
  assert.equal([refused!.step, refused!.code, refused!.attempts], ['notify', 'INVALID', 1])
  assert.match(refused!.cause, 'not that one')
  assert.equal([failed!.code, failed!.attempts], ['UNREACHABLE', 3])
})

/** Everything after the n-th passage of a point never happens; what was written and sent stays. */
async function lifeUntil(world: StandInWorld, point: string, times: number, options: StandInOptions): Promise<void> {
  let left = times
  let isDead = false
  let die!: () => void
  const died = new Promise<void>(resolve => (die = resolve))
  const pass = (at: string): Promise<void> => {
    if (at === point && --left === 0) {
      isDead = true
      die()
    }
    return isDead ? new Promise<never>(() => undefined) : Promise.resolve()
  }
  const inner = new StateWriter(world.store)
  const writer = {
    begin: (topology: string, incarnation: number) => inner.begin(topology, incarnation),
    drop: (topology: string) => inner.drop(topology),
    async write(epoch: EpochWrite) {
      await pass('before write')
      await inner.write(epoch)
      await pass('after write')
    },
  }
  const appendOutbox: typeof world.log.append = async request => {
    await pass('before append')
    const answer = await world.log.append(request)
    await pass('after append')
    return answer
  }
  const answer = hooks.answer
  hooks.answer = async (hook, nth) => {
    if (point === 'sent') await Promise.race([pass('sent'), died])
    return isDead ? 'hang' : answer(hook, nth)
  }
  const actor = await start(world, { writer, appendOutbox, ...options })
  await Promise.race([actor.done, died])
  if (isDead) void actor.stop({ commit: false })
  // A request that was made before the process died may still come in.
  await new Promise(resolve => setTimeout(resolve, 2))
  hooks.answer = answer
}

for (const point of ['before write', 'after write', 'before append', 'after append', 'sent']) {
  test(`loses none and gives none another key when it dies ${point}`, async () => {
    for (const times of [1, 2, 5]) {
      hooks.received.length = 0
      hooks.answer = ({ body }) => ({ status: (body as { number: number }).number % 10 === 3 ? 400 : 200 })
      const world = worldOf()
      for (let life = 0; life < 6 && !hasEnded(world); life++) await lifeUntil(world, point, times, { pageRows: 3 + life })
      await runToEnd(world)
      assertDelivered(world, [3, 13, 23, 33])
    }
  })
}

test('folded again from the start, it delivers again under the same keys, and no dead letter comes twice', async () => {
  const world = worldOf()
  hooks.answer = ({ body }) => ({ status: (body as { number: number }).number % 10 === 3 ? 400 : 200 })
  await runToEnd(world)
  dropTopology(world.store, 'counts')
  // One that was taken then is refused now: it needs no letter.
  hooks.answer = ({ body }) => ({ status: [3, 5, 33, 39].includes((body as { number: number }).number) ? 400 : 200 })
  await runToEnd(world, { isRepeating: true })
  assert.is(hooks.received.length, 2 * EVENTS)
  assertDelivered(world, [3, 13, 23, 33, 39])
})

test('stops soon, though nobody answers, and goes on with the same delivery', async () => {
  const world = worldOf()
  hooks.answer = () => 'hang'
  const actor = await start(world)
  while (hooks.received.length === 0) await new Promise(resolve => setTimeout(resolve, 1))
  await actor.stop({ commit: true })
  assert.ok(waiting(world) > 0)
  hooks.answer = () => ({ status: 200 })
  await runToEnd(world)
  assertDelivered(world)
  assert.is(hooks.received.length, EVENTS + 1)
})

test('a patient stop leaves nothing behind that is taken', async () => {
  const world = worldOf()
  const actor = await start(world, { upTo: Number.MAX_SAFE_INTEGER })
  while (hooks.received.length === 0) await new Promise(resolve => setTimeout(resolve, 1))
  await actor.stop({ commit: true, deliveries: 'patient' })
  assert.is(waiting(world), 0)
  const before = hooks.received.length
  assert.is(before, actor.position.rows)
  await runToEnd(world)
  assertDelivered(world)
  assert.is(hooks.received.length, EVENTS)
})

test('a slow receiver holds the fold back, and epochs and appends go on', async () => {
  const world = worldOf(0)
  const text = 'x'.repeat(500_000)
  for (let number = 0; number < 60; number++) world.log.add({ amount: number, key: text })
  const bodyOf = async (_: Plan, context: FragmentContext): Promise<Fragment> => {
    const outbox = context.outbox('notify')
    return {
      counters: new Map(),
      push(flow) {
        if (flow.kind !== 'page') return
        for (const body of Array.from(aliveRows(flow), row => JSON.stringify(rowReader(flow, ['amount', 'key'])(row)))) {
          const request = { url: hooks.url, method: 'POST', headers: {}, body, timeoutMs: 60_000, attempts: 1 } as const
          outbox.post(request, { step: 'notify', order: 0, row: {}, attempts: 1 })
          outbox.append('numbers', { type: 'number', data: 1 })
        }
      },
      close: () => undefined,
    }
  }
  const held: (() => void)[] = []
  hooks.answer = async () => {
    await new Promise<void>(resolve => held.push(resolve))
    return { status: 200 }
  }
  const actor = await start(world, { createFragment: bodyOf, pageRows: 1, upTo: stampAt(59) })
  const appended = (): number => world.log.outputs.length
  let rows = 0
  do {
    rows = actor.position.rows
    await new Promise(resolve => setTimeout(resolve, 10))
  } while (rows === 0 || actor.position.rows > rows || appended() < rows)
  assert.ok(rows < 40, `${rows} rows, though nothing was taken`)
  assert.not(actor.isAtHead)
  const answering = setInterval(() => held.shift()?.(), 1)
  assert.equal(await actor.done, { status: 'ended' })
  clearInterval(answering)
  assert.equal([hooks.received.length, waiting(world), hooks.mostAtOnce], [60, 0, 1])
})

test.run()
