/** What every bus must do. One proves itself in a line: `busContract(test, { name, open })`. */
import assert from 'node:assert/strict'
import { BUS_BYTES, type Bus } from '../../../cluster/bus.ts'
import { isEventStoreError } from '../../../event/error.ts'
import { bytes, type Hooks, type Register, register, text, until } from './scene.ts'

export interface BusMaker {
  readonly name: string
  /** One more client of the same bus. */
  open(): Promise<Bus>
}

interface Scene {
  readonly bus: Bus
  readonly other: Bus
  /** A subject that nobody has used. */
  readonly subject: string
  readonly open: () => Promise<Bus>
}

/** Registers every sentence. The clients are opened before the first and closed after the last. */
export function busContract(test: Register & Hooks, maker: BusMaker): void {
  let bus: Bus | undefined
  let other: Bus | undefined
  let used = 0
  test.before(async () => {
    ;[bus, other] = await Promise.all([maker.open(), maker.open()])
  })
  test.after(async () => {
    await Promise.all([bus?.close(), other?.close()])
  })
  register(test, maker.name, sentences, (): Scene => ({
    bus: bus!,
    other: other!,
    subject: `node.n${used++}.word`,
    open: () => maker.open(),
  }))
}

/** Sends until somebody has heard: who listens since a moment ago may not be known everywhere. */
async function sendUntil(bus: Bus, subject: string, word: string, heard: () => boolean): Promise<void> {
  await until(`${word} was heard`, () => {
    if (!heard()) bus.publish(subject, bytes(word))
    return heard()
  })
}

/** Asks until somebody answers, for the same reason. */
async function ask(bus: Bus, subject: string, word: string): Promise<string> {
  let answer: string | undefined
  await until(`${word} was answered`, async () => {
    answer = await bus.request(subject, bytes(word), 5000).then(text, error => {
      assert.ok(isEventStoreError(error, 'UNREACHABLE'))
      return undefined
    })
    return answer !== undefined
  })
  return answer!
}

const isUnreachable = (error: unknown): boolean => isEventStoreError(error, 'UNREACHABLE')

const sentences: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  'what is sent reaches all that listen, the sender too, and no other subject': async ({ bus, other, subject }) => {
    const heard: string[][] = [[], [], []]
    const stops = [
      bus.subscribe(subject, message => heard[0]!.push(`${message.subject} ${text(message.bytes)}`)),
      other.subscribe(subject, message => heard[1]!.push(`${message.subject} ${text(message.bytes)}`)),
      other.subscribe(`${subject}.other`, message => heard[2]!.push(message.subject)),
    ]
    await sendUntil(bus, subject, 'one', () => heard[0]!.length > 0 && heard[1]!.length > 0)
    await sendUntil(other, subject, 'two', () => heard[0]!.includes(`${subject} two`) && heard[1]!.includes(`${subject} two`))
    for (const stop of stops) stop()
    assert.deepEqual(new Set(heard[0]), new Set([`${subject} one`, `${subject} two`]))
    assert.deepEqual(heard[2], [])
  },
  'what one sender sends comes in its order': async ({ bus, other, subject }) => {
    const heard: string[] = []
    const stop = other.subscribe(subject, message => heard.push(text(message.bytes)))
    await sendUntil(bus, subject, 'begin', () => heard.length > 0)
    const words = Array.from({ length: 200 }, (_, n) => String(n).padStart(3, '0'))
    for (const word of words) bus.publish(subject, bytes(word))
    await until('the last came', () => heard.includes('199'))
    stop()
    assert.deepEqual(
      heard.filter(word => word !== 'begin'),
      words,
    )
  },
  'who has stopped hears nothing more': async ({ bus, other, subject }) => {
    const stopped: string[] = []
    const still: string[] = []
    const stop = other.subscribe(subject, message => stopped.push(text(message.bytes)))
    const stopStill = other.subscribe(subject, message => still.push(text(message.bytes)))
    await sendUntil(bus, subject, 'one', () => stopped.length > 0 && still.length > 0)
    stop()
    await sendUntil(bus, subject, 'two', () => still.includes('two'))
    stopStill()
    assert.ok(!stopped.includes('two'))
  },
  'a request gets the reply': async ({ bus, other, subject }) => {
    const stop = other.subscribe(subject, message => message.reply(bytes(`${text(message.bytes)}!`)))
    assert.equal(await ask(bus, subject, 'hello'), 'hello!')
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => bus.request(subject, bytes(`${n}`), 30_000)))
    stop()
    assert.deepEqual(
      answers.map(text),
      Array.from({ length: 50 }, (_, n) => `${n}!`),
    )
  },
  'a request may be answered later, and a second reply is for nobody': async ({ bus, other, subject }) => {
    const stop = other.subscribe(subject, message => {
      setTimeout(() => {
        message.reply(bytes('first'))
        message.reply(bytes('second'))
      }, 20)
    })
    assert.equal(await ask(bus, subject, 'hello'), 'first')
    assert.equal(await ask(bus, subject, 'hello'), 'first')
    stop()
  },
  // Were it not at once, the sentence would not end in time.
  'a request that nobody listens to fails at once': async ({ bus, subject }) => {
    await assert.rejects(bus.request(subject, bytes('hello'), 600_000), isUnreachable)
  },
  'a request that nobody answers fails after its time': async ({ bus, other, subject }) => {
    let heard = 0
    const stop = other.subscribe(subject, () => void heard++)
    await sendUntil(bus, subject, 'begin', () => heard > 0)
    await assert.rejects(bus.request(subject, bytes('hello'), 100), isUnreachable)
    stop()
  },
  'a reply to what is no request does nothing': async ({ bus, other, subject }) => {
    let heard = 0
    const stop = other.subscribe(subject, message => {
      message.reply(bytes('to nobody'))
      heard++
    })
    await sendUntil(bus, subject, 'one', () => heard > 0)
    stop()
  },
  'the largest message passes, a larger one does not': async ({ bus, other, subject }) => {
    const sizes: number[] = []
    const stop = other.subscribe(subject, message => {
      sizes.push(message.bytes.length)
      message.reply(new Uint8Array(BUS_BYTES).fill(7))
    })
    await sendUntil(bus, subject, 'begin', () => sizes.length > 0)
    const answer = await bus.request(subject, new Uint8Array(BUS_BYTES).fill(9), 30_000)
    assert.deepEqual([answer.length, answer.at(-1)], [BUS_BYTES, 7])
    bus.publish(subject, new Uint8Array(BUS_BYTES + 1))
    await assert.rejects(bus.request(subject, new Uint8Array(BUS_BYTES + 1), 1000), error => isEventStoreError(error, 'TOO_LARGE'))
    await bus.request(subject, bytes('end'), 30_000)
    stop()
    assert.ok(sizes.every(size => size <= BUS_BYTES))
  },
  'a closed bus is not connected, sends nothing and does not throw': async ({ open, other, subject }) => {
    const bus = await open()
    assert.ok(bus.isConnected)
    const heard: string[] = []
    const stop = other.subscribe(subject, message => heard.push(text(message.bytes)))
    await sendUntil(bus, subject, 'one', () => heard.length > 0)
    await bus.close()
    assert.ok(!bus.isConnected)
    bus.publish(subject, bytes('two'))
    await assert.rejects(bus.request(subject, bytes('three'), 1000), isUnreachable)
    await sendUntil(other, subject, 'four', () => heard.includes('four'))
    stop()
    assert.ok(!heard.includes('two') && !heard.includes('three'))
  },
}
