/** The boundary of a shard's worker, both ends in one thread: order, room, wrapping, and what the horizon may pass. */
import { MessageChannel } from 'node:worker_threads'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { OrderedAppend } from '../../actors/in-order.ts'
import { createPort, RING_REQUEST_BYTES } from '../../actors/port.ts'
import { RingReceiver } from '../../actors/ring-receiver.ts'
import { RingSender } from '../../actors/ring-sender.ts'
import { Router } from '../../actors/router.ts'
import { TextHash } from '../../event/hash.ts'
import { limitsWith } from '../../event/limits.ts'
import { emptyOutcome } from '../../event/outcome.ts'
import { RequestBuilder } from '../../event/request.ts'
import { RequestView } from '../../event/request-view.ts'
import { StampClock } from '../../event/stamp.ts'
import { SharedHorizon } from '../../store/log/horizon.ts'
import { settle } from './shard-scene.ts'

const hash = new TextHash(1, 2)
const RING_BYTES = 128 * 1024

interface Ends {
  readonly sender: RingSender
  readonly receiver: RingReceiver
  readonly close: () => void
}

function ends(options: { ringBytes?: number; requests?: number; transferBytesMax?: number } = {}): Ends {
  const port = createPort({ ringBytes: options.ringBytes ?? RING_BYTES, requests: options.requests ?? 64 })
  const { port1, port2 } = new MessageChannel()
  const sender = new RingSender(port, {
    post: buffer => port1.postMessage(buffer, [buffer]),
    transferBytesMax: options.transferBytesMax ?? 1 << 20,
  })
  return { sender, receiver: new RingReceiver(port, port2), close: () => port1.close() }
}

/** Sends a request whose one event is `bytes` bytes that name the request. */
function send(sender: RingSender, request: number, bytes: number): void {
  const builder = new RequestBuilder()
  builder.stream('mine', hash)
  builder.add(0, builder.type('a'), 2, new Uint8Array(bytes).fill(request), null, 0)
  sender.send(builder, builder.seal(), {
    request,
    partition: 0,
    durability: 1,
    expected: -1,
    firstStamp: 4096 + request,
    producerSequence: 0,
  })
}

function take(receiver: RingReceiver, view: RequestView): number {
  assert.ok(receiver.peek(view))
  const { request } = view
  assert.is(view.firstStamp, 4096 + request)
  assert.ok(
    view.bytes.subarray(view.payload, view.payload + view.payloadBytes).every(byte => byte === (request & 255)),
    `bytes of ${request}`,
  )
  receiver.take()
  return request
}

test('requests that go through the ring and those that are transferred arrive in the order they were sent, through many turns of the ring', () => {
  const sizes = fc.array(
    fc.oneof(fc.nat(400), fc.integer({ min: RING_REQUEST_BYTES - 300, max: RING_REQUEST_BYTES + 300 }), fc.nat(60_000)),
    { minLength: 20, maxLength: 80 },
  )
  fc.assert(
    fc.property(sizes, fc.infiniteStream(fc.boolean()), (list, takes) => {
      const { sender, receiver, close } = ends()
      const view = new RequestView()
      const outcome = emptyOutcome()
      let sent = 0
      let taken = 0
      let answered = 0
      while (answered < list.length) {
        if (sent < list.length && sender.room() >= list[sent]! && takes.next().value) send(sender, sent, list[sent++]!)
        else if (taken < sent) {
          assert.is(take(receiver, view), taken)
          outcome.stamp = taken
          receiver.answer(taken++, outcome)
          receiver.flush(taken)
        } else if (answered === sent && sent < list.length) send(sender, sent, list[sent++]!)
        if (takes.next().value) {
          sender.drain((request, { stamp }) => {
            assert.is(request, answered++)
            assert.is(stamp, request)
          })
        }
      }
      assert.is(receiver.peek(view), false)
      close()
    }),
    { numRuns: 60, seed: 5 },
  )
})

test('a full ring, too many unanswered requests and too many transferred bytes have no room, until they are taken and answered', () => {
  const outcome = emptyOutcome()
  const view = new RequestView()
  for (const [bytes, options] of [
    [10_000, {}],
    [10, { requests: 16 }],
    [60_000, { transferBytesMax: 200_000 }],
  ] as const) {
    const { sender, receiver, close } = ends(options)
    let sent = 0
    while (sender.room() >= bytes && sent < 1000) send(sender, sent++, bytes)
    assert.ok(sent > 1 && sent < 1000, `${sent} of ${bytes}`)
    for (let n = 0; n < sent; n++) {
      assert.is(take(receiver, view), n)
      receiver.answer(n, outcome)
    }
    receiver.flush(sent)
    let answered = 0
    sender.drain(() => answered++)
    assert.is(answered, sent)
    assert.ok(sender.room() >= bytes)
    close()
  }
})

test('a request that was read but not taken is read again, whether it came through the ring or was transferred', () => {
  const { sender, receiver, close } = ends()
  const view = new RequestView()
  for (const bytes of [10, 50_000, 10]) send(sender, bytes & 255, bytes)
  for (const bytes of [10, 50_000, 10]) {
    assert.ok(receiver.peek(view))
    assert.ok(receiver.peek(view))
    assert.is(take(receiver, view), bytes & 255)
  }
  close()
})

/** A router whose shard takes nothing until told to. */
function routed(options: { partitions: number; ringBytes: number; mailboxBytes?: number }): Ends & { router: Router } {
  const limits = limitsWith(options.mailboxBytes === undefined ? {} : { mailboxBytes: options.mailboxBytes })
  const both = ends({ ringBytes: options.ringBytes, requests: 1 << 16, transferBytesMax: limits.mailboxBytes })
  const router = new Router(1, {
    partitions: options.partitions,
    limits,
    streamHash: hash,
    stamps: new StampClock(),
    horizon: new SharedHorizon(),
    durability: 'os',
  })
  router.attach(0, both.sender)
  return { ...both, router }
}

/** Takes all that waits and answers it; how many requests, and all bytes they held. */
function answerAll({ receiver, router }: Ends & { router: Router }): Uint8Array[] {
  const view = new RequestView()
  const got: Uint8Array[] = []
  while (receiver.peek(view)) {
    got.push(view.bytes.slice(view.payload, view.payload + view.payloadBytes))
    receiver.answer(view.request, emptyOutcome())
    receiver.take()
  }
  receiver.flush(got.length)
  router.drain(0)
  return got
}

test('appendInOrder over many partitions never writes over requests that were not taken yet', async () => {
  const scene = routed({ partitions: 256, ringBytes: 1 << 22 })
  const append = new OrderedAppend(scene.router)
  let waits: Promise<void> | null = null
  let added = 0
  let got = 0
  const check = (): void => {
    for (const bytes of answerAll(scene)) assert.ok(bytes.every(byte => byte === 7))
  }
  for (; added < 60_000; added++) {
    waits = append.add({ stream: `s-${added % 997}`, event: { type: 'a', data: new Uint8Array(200).fill(7) } })
    if (!waits) continue
    // The shard lags: it takes what waits only when the writer can not go on.
    const done = waits.then(() => true)
    while (!(await Promise.race([done, settle().then(() => false)]))) {
      check()
      got++
    }
  }
  assert.ok(got > 0, 'the writer had to wait')
  const ended = append.end()
  let result: { events: number } | null = null
  void ended.then(answer => (result = answer))
  while (!result) {
    check()
    await settle()
  }
  assert.is((result as { events: number }).events, 60_000)
  scene.router.stop()
  scene.close()
})

test('appendInOrder goes on with a mailbox smaller than its batches', async () => {
  const scene = routed({ partitions: 4, ringBytes: 1 << 20, mailboxBytes: 10_000 })
  const append = new OrderedAppend(scene.router)
  for (let n = 0; n < 100; n++) await append.add({ stream: `s-${n % 9}`, event: { type: 'a', data: new Uint8Array(2000) } })
  let result: { events: number } | null = null
  void append.end().then(answer => (result = answer))
  for (let n = 0; n < 50 && !result; n++) {
    answerAll(scene)
    await settle()
  }
  assert.is((result as { events: number } | null)?.events, 100)
  scene.router.stop()
  scene.close()
})

test('appendInOrder counts metadata, too: large metadata do not fill the mailbox for ever', async () => {
  const scene = routed({ partitions: 4, ringBytes: 1 << 20, mailboxBytes: 16 << 20 })
  const append = new OrderedAppend(scene.router)
  const metadata = { m: 'x'.repeat(60_000) }
  let sent = 0
  for (let n = 0; n < 400; n++) {
    const waits = append.add({ stream: `s-${n % 9}`, event: { type: 'a', data: 1, metadata } })
    if (waits) {
      for (let i = 0; i < 20; i++) {
        sent += answerAll(scene).length
        await settle()
      }
      await waits
    }
  }
  assert.ok(sent > 0)
  scene.router.stop()
  scene.close()
})

test('an id twice in what appendInOrder gathers is a DUPLICATE_ID', () => {
  const scene = routed({ partitions: 1, ringBytes: 1 << 20 })
  const append = new OrderedAppend(scene.router)
  void append.add({ stream: 'a', event: { type: 'a', data: 1, id: 'i' } })
  assert.throws(
    () => append.add({ stream: 'b', event: { type: 'a', data: 1, id: 'i' } }),
    (error: { code: string }) => error.code === 'DUPLICATE_ID',
  )
  scene.router.stop()
  scene.close()
})

test.run()
