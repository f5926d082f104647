/** The wire of a loopback cluster: every message between nodes and servers passes here and may be late, lost, doubled or cut off. */
import type { Timers } from '../event/timers.ts'

/** What goes wrong by chance; shares are 0 to 1. */
export interface WireFaults {
  /** Milliseconds a message takes: at least and at most. */
  readonly delayMs: readonly [number, number]
  /** Messages that never arrive. */
  readonly lost: number
  /** Messages that arrive twice. */
  readonly twice: number
  /** Messages that take up to `lateMs` longer, so that some arrive after their sender gave up. */
  readonly late: number
  readonly lateMs: number
  /** Messages into a cut that arrive when it is mended, as TCP sends them again; the others are lost. */
  readonly held: number
}

export const faultlessWire: WireFaults = { delayMs: [1, 1], lost: 0, twice: 0, late: 0, lateMs: 0, held: 0 }

/** The end of every node's connection; cutting a node off from it cuts off the log, the registry and all other nodes. */
export const SERVERS = 'servers'

/** One process at the wire. What is meant for one that is gone is dropped. */
export interface WireEnd {
  readonly id: string
  /** A stopped process has stopped timers: nothing reaches it until they go on. */
  readonly timers: Timers
  gone: boolean
}

export class Wire {
  faults: WireFaults
  readonly timers: Timers
  /** At least 0, below 1. */
  readonly random: () => number
  readonly #cuts = new Set<string>()
  readonly #listeners = new Set<() => void>()
  #held: { from: string; to: string; arrive: () => void }[] = []

  constructor(timers: Timers, random: () => number, faults: WireFaults) {
    this.timers = timers
    this.random = random
    this.faults = faults
  }

  /** One way. Either end may be `SERVERS`. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`)
    this.#tell()
  }

  mend(from: string, to: string): void {
    this.#cuts.delete(`${from}>${to}`)
    const held = this.#held
    this.#held = []
    for (const message of held) this.send(message.from, message.to, message.arrive)
    this.#tell()
  }

  mendAll(): void {
    for (const cut of this.#cuts) {
      const [from = '', to = ''] = cut.split('>')
      this.mend(from, to)
    }
  }

  isCut(from: string, to: string): boolean {
    const { size } = this.#cuts
    if (size === 0) return false
    const has = (a: string, b: string): boolean => this.#cuts.has(`${a}>${b}`)
    return has(from, to) || (from !== SERVERS && to !== SERVERS && (has(from, SERVERS) || has(SERVERS, to)))
  }

  /** Told of every cut and mend; the answer ends it. */
  onChange(changed: () => void): () => void {
    this.#listeners.add(changed)
    return () => this.#listeners.delete(changed)
  }

  #tell(): void {
    for (const changed of this.#listeners) changed()
  }

  happens(share: number): boolean {
    return share > 0 && this.random() < share
  }

  /** Sends once; answers false when it is certain now that it does not arrive. */
  send(from: string, to: string, arrive: () => void): boolean {
    const { lost, twice, held } = this.faults
    if (this.isCut(from, to)) {
      if (!this.happens(held)) return false
      this.#held.push({ from, to, arrive })
      return true
    }
    if (this.happens(lost)) return false
    this.timers.after(this.#delay(), arrive)
    if (this.happens(twice)) this.timers.after(this.#delay(), arrive)
    return true
  }

  /** Sends to a process: `arrive` runs among its own work. */
  sendTo(from: string, end: WireEnd, arrive: () => void): boolean {
    return this.send(from, end.id, () => {
      if (end.gone) return
      end.timers.after(0, () => {
        if (!end.gone) arrive()
      })
    })
  }

  #delay(): number {
    const { delayMs, late, lateMs } = this.faults
    const [least, most] = delayMs
    const usual = least === most ? least : least + (most - least) * this.random()
    return this.happens(late) ? usual + lateMs * this.random() : usual
  }

  /** Asks the servers; undefined when no answer came in time, and then it may have been served, or may yet be. */
  call<Answer>(end: WireEnd, timeoutMs: number, serve: (answer: (value: Answer) => void) => void): Promise<Answer | undefined> {
    return new Promise(resolve => {
      const stop = end.timers.after(timeoutMs, () => {
        if (!end.gone) resolve(undefined)
      })
      this.send(end.id, SERVERS, () =>
        serve(value =>
          this.sendTo(SERVERS, end, () => {
            stop()
            resolve(value)
          }),
        ),
      )
    })
  }
}

/** How long a delivery that did not get through waits for the next try. */
const AGAIN_MS = 250

export interface OrderedDeliveryOptions<Item> {
  readonly wire: Wire
  readonly to: WireEnd
  /** What comes next, in order; empty when there is nothing or the servers do not say. */
  readonly next: () => readonly Item[]
  readonly deliver: (item: Item) => void | Promise<void>
  readonly trouble?: ((reason: string | null) => void) | undefined
}

/** Delivers in order and without holes over a wire that loses: what did not get through is sent again. */
export class OrderedDelivery<Item> {
  readonly #options: OrderedDeliveryOptions<Item>
  readonly #unlisten: () => void
  #isUnderWay = false
  #isTroubled = false
  #isClosed = false

  constructor(options: OrderedDeliveryOptions<Item>) {
    this.#options = options
    this.#unlisten = options.wire.onChange(() => this.wake())
    this.wake()
  }

  /** There may be something to deliver, or the wire has changed. */
  wake(): void {
    if (this.#isUnderWay || this.#isClosed) return
    const { wire, to } = this.#options
    if (to.gone) return this.close()
    const isCut = wire.isCut(SERVERS, to.id) || wire.isCut(to.id, SERVERS)
    const items = isCut ? [] : this.#options.next()
    if (items.length === 0 && !isCut && !this.#isTroubled) return
    this.#isUnderWay = true
    let hasArrived = false
    const isSent =
      !isCut &&
      wire.sendTo(SERVERS, to, () => {
        // A doubled message of a lane that numbers its messages is thrown away.
        if (hasArrived) return
        hasArrived = true
        void this.#arrived(items)
      })
    if (!isSent) this.#again()
  }

  #again(): void {
    const { to } = this.#options
    to.timers.after(AGAIN_MS, () => {
      this.#isUnderWay = false
      if (this.#isClosed) return
      const { wire } = this.#options
      this.#tell(wire.isCut(SERVERS, to.id) || wire.isCut(to.id, SERVERS) ? 'no connection' : null)
      this.wake()
    })
  }

  #tell(reason: string | null): void {
    if (this.#isTroubled === (reason !== null)) return
    this.#isTroubled = reason !== null
    this.#options.trouble?.(reason)
  }

  async #arrived(items: readonly Item[]): Promise<void> {
    if (!this.#isClosed) this.#tell(null)
    for (const item of items) {
      if (this.#isClosed) return
      await this.#options.deliver(item)
    }
    this.#isUnderWay = false
    this.wake()
  }

  close(): void {
    this.#isClosed = true
    this.#unlisten()
  }
}
