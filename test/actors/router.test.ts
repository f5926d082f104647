/** What a router knows of requests on their way: the horizon over shards, answers that come late, shards that come and go. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { InFlight } from '../../actors/in-flight.ts'
import { PendingTable } from '../../actors/pending.ts'
import type { ShardPort } from '../../actors/port.ts'
import { Router } from '../../actors/router.ts'
import { EventStoreError } from '../../event/error.ts'
import { TextHash } from '../../event/hash.ts'
import { limitsWith } from '../../event/limits.ts'
import { emptyOutcome, type Outcome } from '../../event/outcome.ts'
import { StampClock } from '../../event/stamp.ts'
import { SharedHorizon } from '../../store/log/horizon.ts'
import { refused, some } from '../contract/event-store/scene.ts'
import { settle, watched } from './shard-scene.ts'

/** A port that answers when told to. */
class HandPort implements ShardPort {
  published = 0
  readonly sent: number[] = []
  readonly answers: { request: number; outcome: Outcome }[] = []
  full = false
  stopped = false
  #wake: (() => void) | null = null

  room(): number {
    return this.full ? 0 : 1 << 20
  }

  hasRoomFor(): boolean {
    return !this.full
  }

  send(_builder: unknown, _sealed: unknown, head: { request: number }): void {
    this.sent.push(head.request)
  }

  /** Answers the oldest request, or the one given. */
  answer(outcome: Partial<Outcome> = {}, request = this.sent.shift()!): void {
    this.answers.push({ request, outcome: { ...emptyOutcome(), ...outcome } })
    this.published = (this.published + 1) >>> 0
    this.#wake?.()
  }

  drain(answered: (request: number, outcome: Outcome) => void): void {
    for (const { request, outcome } of this.answers.splice(0)) answered(request, outcome)
  }

  changed(): Promise<void> {
    return new Promise(resolve => (this.#wake = resolve))
  }

  stop(): void {
    this.stopped = true
    this.#wake?.()
  }
}

function routed(
  shards: number,
  options: { mailboxEvents?: number } = {},
): { router: Router; ports: HandPort[]; horizon: SharedHorizon; stamps: StampClock } {
  const horizon = new SharedHorizon()
  const stamps = new StampClock()
  const router = new Router(shards, {
    partitions: 8,
    limits: limitsWith(options),
    streamHash: new TextHash(1, 2),
    stamps,
    horizon,
    durability: 'os',
  })
  const ports = Array.from({ length: shards }, () => new HandPort())
  ports.forEach((port, shard) => router.attach(shard, port))
  return { router, ports, horizon, stamps }
}

test('the horizon is the lowest stamp that is sent and not published, over all shards; it never goes back', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('send' as const), shard: fc.nat(2), events: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ kind: fc.constant('publish' as const), shard: fc.nat(2), count: fc.integer({ min: 1, max: 40 }) }),
    ),
    {
      maxLength: 400,
      size: 'max',
    },
  )
  fc.assert(
    fc.property(steps, fc.constantFrom(0, 0xffffffff - 20), (list, counted) => {
      const horizon = new SharedHorizon()
      const stamps = new StampClock(1000, { now: () => 0, monotonic: () => 0, random: count => new Uint8Array(count) })
      const inFlight = new InFlight(3, stamps, horizon)
      const ports = Array.from({ length: 3 }, () => new HandPort())
      ports.forEach((port, shard) => {
        port.published = counted
        inFlight.attached(shard, port)
      })
      const twin: number[][] = [[], [], []]
      let before = horizon.stamp
      for (const step of list) {
        if (step.kind === 'send') {
          const first = stamps.take(step.events)
          inFlight.sent(step.shard, first)
          twin[step.shard]!.push(first)
        } else {
          const count = Math.min(step.count, twin[step.shard]!.length)
          twin[step.shard]!.splice(0, count)
          ports[step.shard]!.published = (ports[step.shard]!.published + count) >>> 0
          inFlight.published(step.shard)
          if (count > 0) assert.is(horizon.stamp, Math.max(before, Math.min(stamps.last + 1, ...twin.flat())))
        }
        assert.ok(horizon.stamp >= before && horizon.stamp <= Math.min(stamps.last + 1, ...twin.flat()))
        before = horizon.stamp
      }
    }),
    { numRuns: 100, seed: 4 },
  )
})

test('while a shard is gone the horizon stands still at what it had not published; the worker that follows frees it', async () => {
  const { router, ports, horizon } = routed(2)
  const streams = ['a', 'b', 'c', 'd', 'e', 'f'].map(name => ({ name, answer: watched(router.append(name, some(1))) }))
  const [zero, one] = ports as [HandPort, HandPort]
  assert.ok(zero.sent.length > 0 && one.sent.length > 0)
  const waiting = horizon.stamp
  router.detach(0)
  await settle()
  assert.ok(streams.some(({ answer }) => answer.code === 'UNKNOWN_OUTCOME'))
  while (one.sent.length > 0) one.answer()
  await settle()
  assert.ok(streams.every(({ answer }) => answer.state !== 'pending'))
  const stood = horizon.stamp
  assert.ok(stood >= waiting)
  const lost = streams.findIndex(({ answer }) => answer.code === 'UNKNOWN_OUTCOME')
  await refused(() => router.append(streams[lost]!.name, some(1)), 'BUSY')
  router.attach(0, new HandPort())
  assert.ok(horizon.stamp > stood)
  router.stop()
})

test('an answer to a request that was given up finds nobody, also when its slot is in use again', () => {
  const table = new PendingTable()
  const first = table.take()
  first.request.shard = 0
  assert.is(table.giveUp(() => true).length, 1)
  assert.is(table.find(first.number), undefined)
  for (let turn = 0; turn < 2000; turn++) {
    const next = table.take()
    next.request.shard = 0
    assert.is.not(next.number, first.number)
    assert.ok(next.number >= 0 && next.number < 0xfffffffe)
    assert.is(table.find(first.number), undefined)
    assert.is(table.find(next.number), next.request)
    table.release(next.number)
    assert.is(table.find(next.number), undefined)
  }
  assert.is(table.size, 0)
})

test('many requests at a time have numbers of their own', () => {
  const table = new PendingTable()
  const numbers = new Set<number>()
  for (let n = 0; n < 5000; n++) {
    const { number, request } = table.take()
    request.shard = n % 3
    numbers.add(number)
  }
  assert.is(numbers.size, 5000)
  assert.is(table.giveUp(({ shard }) => shard === 1).length, 1667)
  assert.is(table.size, 3333)
})

test('a full port and a full mailbox are BUSY, and nothing is sent; an answer makes room', async () => {
  const { router, ports } = routed(1, { mailboxEvents: 5 })
  const [port] = ports as [HandPort]
  port.full = true
  await refused(() => router.append('a', some(1)), 'BUSY')
  port.full = false
  assert.is(port.sent.length, 0)
  const one = router.append('a', some(4))
  await refused(() => router.append('a', some(2)), 'BUSY')
  const two = router.append('a', some(1))
  await refused(() => router.append('a', some(1)), 'BUSY')
  const elsewhere = router.append('b', some(9))
  assert.is(port.sent.length, 3)
  while (port.sent.length > 0) port.answer({ version: 1 })
  await Promise.all([one, two, elsewhere])
  const large = router.append('a', some(50))
  port.answer()
  await large
  router.stop()
})

test('draining refuses what is new and waits for what is old; stopping answers what is left', async () => {
  const { router, ports } = routed(1)
  const [port] = ports as [HandPort]
  const old = watched(router.append('a', some(1)))
  const drained = watched(router.drained(new EventStoreError('CLOSED', 'closing')))
  await refused(() => router.append('a', some(1)), 'CLOSED')
  await settle()
  assert.is(drained.state, 'pending')
  port.answer()
  while (drained.state === 'pending') await new Promise(resolve => setTimeout(resolve, 1))
  assert.is(old.state, 'answered')
  const { router: other, ports: others } = routed(1)
  const left = watched(other.append('a', some(1)))
  other.stop()
  await settle()
  assert.is(left.code, 'UNKNOWN_OUTCOME')
  assert.is(others[0]!.stopped, true)
  router.stop()
})

test.run()
