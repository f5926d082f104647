/** Deliveries of webhooks: in order a step, tried again when that may help, given up when it may not, stopped without losing one. */
import { createHmac } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  decodeDelivery,
  type Delivery,
  encodeDelivery,
  idempotencyKey,
  isDelivery,
  stepOfDelivery,
  type Undelivered,
} from '../../actors/delivery.ts'
import { DeliverySender, type DeliverySenderOptions } from '../../actors/delivery-sender.ts'
import { systemClock } from '../../event/clock.ts'
import { isEventStoreError } from '../../event/error.ts'
import { HookServer } from './hook-server.ts'

let hooks: HookServer
test.before.each(async () => {
  hooks = await HookServer.open()
})
test.after.each(() => hooks.down())

interface Decided {
  readonly row: number
  readonly why?: Undelivered
}

function senderOf(options: Partial<DeliverySenderOptions> = {}): { sender: DeliverySender; decided: Decided[]; failures: unknown[] } {
  const decided: Decided[] = []
  const failures: unknown[] = []
  const sender = new DeliverySender({
    clock: systemClock,
    environment: {},
    taken: row => void decided.push({ row }),
    givenUp: (row, _, why) => void decided.push({ row, why }),
    failed: error => void failures.push(error),
    pauseFirstMs: 1,
    ...options,
  })
  return { sender, decided, failures }
}

const deliveryOf = (number: number, more: Partial<Delivery> = {}): Delivery => ({
  delivery: number,
  topology: 'shop',
  deployment: 3,
  step: 'notify',
  url: `${hooks.url}/hook`,
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ number }),
  timeoutMs: 5000,
  attempts: 4,
  letter: {
    topology: 'shop',
    deployment: 3,
    step: 'notify',
    row: {},
    position: null,
    payload: null,
    cause: '',
    attempts: 1,
    replayable: true,
  },
  ...more,
})

const epochOf = (deliveries: readonly Delivery[]): { requests: Uint8Array[]; outboxNumbers: number[] } => ({
  requests: deliveries.map(encodeDelivery),
  outboxNumbers: deliveries.map(({ delivery }) => delivery),
})

test('makes those of a step one after another, in order, under a key of their own', async () => {
  const { sender, decided } = senderOf()
  sender.add(epochOf([1, 2, 3].map(number => deliveryOf(number))))
  sender.add(
    epochOf([deliveryOf(4, { method: 'PUT', url: `${hooks.url}/other?x=1`, headers: { 'content-type': 'text/plain', 'x-a': 'b' } })]),
  )
  await sender.idle()
  assert.equal([sender.waitingBytes, sender.isIdle, hooks.mostAtOnce], [0, true, 1])
  assert.equal(
    decided.map(({ row, why }) => [row, why]),
    [1, 2, 3, 4].map(row => [row, undefined]),
  )
  assert.equal(
    hooks.received.map(({ key, text }) => [key, text]),
    [1, 2, 3, 4].map(number => [`shop#3/notify/${number}`, `{"number":${number}}`]),
  )
  const [first, , , last] = hooks.received
  assert.equal([first!.method, first!.path, first!.headers['content-type']], ['POST', '/hook', 'application/json'])
  assert.is(first!.headers['allsource-signature'], undefined)
  assert.equal([last!.method, last!.path, last!.headers['content-type'], last!.headers['x-a']], ['PUT', '/other?x=1', 'text/plain', 'b'])
})

for (const failing of [408, 425, 429, 500, 503, 'drop'] as const) {
  test(`tries again after ${failing}, and holds the next back meanwhile`, async () => {
    const { sender, decided } = senderOf()
    hooks.answer = (_, nth) =>
      nth < 3 ? (failing === 'drop' ? 'drop' : { status: failing, text: 'not now' }) : { status: 200, text: 'ok' }
    sender.add(epochOf([deliveryOf(1), deliveryOf(2)]))
    await sender.idle()
    assert.equal(
      hooks.received.map(({ key }) => key.at(-1)),
      ['1', '1', '1', '2', '2', '2'],
    )
    assert.equal(decided, [{ row: 1 }, { row: 2 }])
  })
}

test('gives up what no other attempt can mend, and goes on', async () => {
  const { sender, decided } = senderOf()
  hooks.answer = ({ body }) => {
    const { number } = body as { number: number }
    if (number === 1) return { status: 400, text: 'no such customer' }
    if (number === 2) return { status: 307, headers: { location: `${hooks.url}/elsewhere` } }
    return { status: 201, text: 'x'.repeat(200_000) }
  }
  sender.add(epochOf([1, 2, 3].map(number => deliveryOf(number))))
  await sender.idle()
  assert.equal(
    decided.map(({ row, why }) => [row, why?.code, why?.attempts]),
    [[1, 'INVALID', 1], [2, 'INVALID', 1], [3, undefined, undefined]], // prettier-ignore
  )
  assert.match(decided[0]!.why!.cause, 'no such customer')
  assert.is(hooks.received.length, 3, 'no redirect was followed')
})

test('gives up after the last attempt: of an answer, a silence, a connection refused', async () => {
  const { sender, decided } = senderOf()
  hooks.answer = ({ body }) => ((body as { number: number }).number === 1 ? { status: 502 } : 'hang')
  sender.add(epochOf([deliveryOf(1), deliveryOf(2, { timeoutMs: 20, attempts: 2 })]))
  await sender.idle()
  assert.is(hooks.received.filter(({ body }) => (body as { number: number }).number === 1).length, 4)
  await hooks.down()
  sender.add(epochOf([deliveryOf(3)]))
  await sender.idle()
  assert.equal(
    decided.map(({ row, why }) => [row, why?.code, why?.attempts]),
    [[1, 'UNREACHABLE', 4], [2, 'UNREACHABLE', 2], [3, 'UNREACHABLE', 4]], // prettier-ignore
  )
})

test('a server that is down for a while gets all, in order', async () => {
  const { sender, decided } = senderOf({ pauseFirstMs: 5 })
  await hooks.down()
  sender.add(epochOf(Array.from({ length: 20 }, (_, index) => deliveryOf(index + 1, { attempts: 1000 }))))
  await new Promise(resolve => setTimeout(resolve, 40))
  assert.equal(decided, [])
  await hooks.up()
  await sender.idle()
  assert.equal(
    hooks.bodies,
    Array.from({ length: 20 }, (_, index) => ({ number: index + 1 })),
  )
  assert.is(decided.length, 20)
})

test('waits as long as the receiver asks for, and asks the clock for chance', async () => {
  let asked = 0
  const clock = { ...systemClock, random: (count: number) => (asked++, new Uint8Array(count).fill(255)) }
  const { sender } = senderOf({ clock, pauseFirstMs: 200_000 })
  const at: number[] = []
  hooks.answer = (_, nth) => {
    at.push(performance.now())
    return nth === 1 ? { status: 429, headers: { 'retry-after': '1' } } : { status: 200 }
  }
  const quick = senderOf({ clock })
  quick.sender.add(epochOf([deliveryOf(1)]))
  await quick.sender.idle()
  assert.is(asked, 1)
  assert.ok(at[1]! - at[0]! > 990, 'a second later')
  assert.equal(quick.decided, [{ row: 1 }])
  hooks.answer = () => ({ status: 503, headers: { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' } })
  sender.add(epochOf([deliveryOf(2)]))
  while (asked < 2) await new Promise(resolve => setTimeout(resolve, 1))
  await sender.stop('soon')
  assert.is(hooks.received.length, 3, 'it was in a long pause')
})

test('steps do not wait for each other', async () => {
  const { sender, decided } = senderOf()
  let release: (() => void) | undefined
  hooks.answer = async ({ path }) => {
    if (path === '/slow') await new Promise<void>(resolve => (release = resolve))
    return { status: 200 }
  }
  sender.add(epochOf([deliveryOf(1, { step: 'slow', url: `${hooks.url}/slow` }), ...[2, 3, 4].map(number => deliveryOf(number))]))
  while (decided.length < 3) await new Promise(resolve => setTimeout(resolve, 1))
  assert.equal(
    decided.map(({ row }) => row),
    [2, 3, 4],
  )
  assert.ok(sender.waitingBytes > 0 && !sender.isIdle)
  release!()
  await sender.idle()
  assert.is(decided.at(-1)!.row, 1)
})

test('signs the body with the secret; without the secret nothing is sent', async () => {
  const { sender, failures } = senderOf({ environment: { HOOK_SECRET: 'geheim' } })
  sender.add(epochOf([deliveryOf(1, { secretEnvironment: 'HOOK_SECRET', body: '{"name":"é"}' })]))
  await sender.idle()
  const signature = createHmac('sha256', 'geheim').update('{"name":"é"}').digest('hex')
  assert.is(hooks.received[0]!.headers['allsource-signature'], `sha256=${signature}`)
  sender.add(epochOf([deliveryOf(2, { secretEnvironment: 'OTHER' })]))
  await sender.idle()
  assert.is(hooks.received.length, 1)
  assert.ok(isEventStoreError(failures[0], 'INVALID'))
})

test('stops at once, soon, or when one has to be tried again; what is not decided is told to nobody', async () => {
  for (const [stopping, made] of [
    ['now', 0],
    ['soon', 1],
    ['patient', 3],
  ] as const) {
    const { sender, decided } = senderOf({ pauseFirstMs: 100_000 })
    const seen = hooks.received.length
    const answers: (() => void)[] = []
    hooks.answer = async ({ body }) => {
      await new Promise<void>(resolve => answers.push(resolve))
      return { status: (body as { number: number }).number === 4 ? 503 : 200 }
    }
    sender.add(epochOf([1, 2, 3, 4, 5].map(number => deliveryOf(number))))
    while (hooks.received.length === seen) await new Promise(resolve => setTimeout(resolve, 1))
    const stopped = sender.stop(stopping)
    const answering = setInterval(() => answers.shift()?.(), 1)
    await stopped
    clearInterval(answering)
    for (const answer of answers) answer()
    assert.equal(
      decided.map(({ row }) => row),
      [1, 2, 3].slice(0, made),
      stopping,
    )
  }
})

test('a key is plain text whatever the step is called, and tells steps apart', () => {
  const keyOf = (step: string): string => idempotencyKey(deliveryOf(7, { step }))
  assert.is(keyOf('größer als 10%'), 'shop#3/gr%C3%B6%C3%9Fer%20als%2010%25/7')
  assert.is(keyOf('\ud800'), 'shop#3/%ud800/7')
  assert.not(keyOf('a%20b') === keyOf('a b'))
})

test('a row of the outbox says whether it is a delivery', () => {
  const delivery = deliveryOf(7, { step: 'a","url":"', body: '{"delivery":"é"}' })
  const bytes = encodeDelivery(delivery)
  assert.equal([isDelivery(bytes), decodeDelivery(bytes), stepOfDelivery(bytes)], [true, delivery, 'a","url":"'])
  assert.not(isDelivery(new TextEncoder().encode('{"topology":"{\\"delivery\\":"}')))
  assert.not(isDelivery(new Uint8Array(0)))
})

test.run()
