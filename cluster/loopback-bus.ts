/** A bus in memory: every message passes the wire once for each that listens. */
import { EventStoreError } from '../event/error.ts'
import { BUS_BYTES, type Bus, type BusMessage } from './bus.ts'
import { SERVERS, type Wire, type WireEnd } from './loopback-wire.ts'

interface Listener {
  readonly end: WireEnd
  readonly tokens: readonly string[]
  readonly received: (message: BusMessage) => void
}

/** Who listens to what, over all nodes. */
export class BusServers {
  readonly #listeners = new Set<Listener>()

  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  listenersOf(subject: string): Listener[] {
    const tokens = subject.split('.')
    return [...this.#listeners].filter(listener => !listener.end.gone && isMatch(listener.tokens, tokens))
  }
}

/** `*` stands for one word, `>` at the end for one or more. */
function isMatch(pattern: readonly string[], tokens: readonly string[]): boolean {
  if (pattern.at(-1) === '>') {
    if (tokens.length < pattern.length) return false
  } else if (tokens.length !== pattern.length) return false
  return pattern.every((word, i) => word === '>' || word === '*' || word === tokens[i])
}

export class LoopbackBus implements Bus {
  readonly #servers: BusServers
  readonly #wire: Wire
  readonly #end: WireEnd
  readonly #subscriptions = new Set<() => void>()
  #isClosed = false

  constructor(servers: BusServers, wire: Wire, end: WireEnd) {
    this.#servers = servers
    this.#wire = wire
    this.#end = end
  }

  get isConnected(): boolean {
    const { id } = this.#end
    return !this.#isClosed && !this.#wire.isCut(id, SERVERS) && !this.#wire.isCut(SERVERS, id)
  }

  publish(subject: string, bytes: Uint8Array): void {
    this.#send(subject, bytes, () => undefined)
  }

  #send(subject: string, bytes: Uint8Array, replied: (bytes: Uint8Array) => void): boolean {
    if (this.#isClosed || bytes.length > BUS_BYTES) return true
    const sent = Uint8Array.from(bytes)
    const listeners = this.#servers.listenersOf(subject)
    for (const { end, received } of listeners) {
      const reply = (answer: Uint8Array): void => {
        const copy = Uint8Array.from(answer)
        if (copy.length <= BUS_BYTES) this.#wire.sendTo(end.id, this.#end, () => replied(copy))
      }
      this.#wire.sendTo(this.#end.id, end, () => received({ subject, bytes: sent, reply }))
    }
    return listeners.length > 0
  }

  subscribe(subject: string, received: (message: BusMessage) => void): () => void {
    let isOver = false
    const unlisten = this.#servers.listen({
      end: this.#end,
      tokens: subject.split('.'),
      received: message => {
        if (!isOver) received(message)
      },
    })
    const end = (): void => {
      isOver = true
      unlisten()
      this.#subscriptions.delete(end)
    }
    this.#subscriptions.add(end)
    return end
  }

  request(subject: string, bytes: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new EventStoreError('UNREACHABLE', `${subject}: ${why}`, { subject }))
      if (this.#isClosed) return fail('the bus is closed')
      if (bytes.length > BUS_BYTES)
        return reject(new EventStoreError('TOO_LARGE', `${subject}: a message`, { limit: 'BUS_BYTES', actual: bytes.length }))
      const stop = this.#end.timers.after(timeoutMs, () => fail('no reply in time'))
      const isHeard = this.#send(subject, bytes, answer => {
        stop()
        resolve(answer)
      })
      if (!isHeard)
        this.#wire.sendTo(SERVERS, this.#end, () => {
          stop()
          fail('nobody listens')
        })
    })
  }

  close(): Promise<void> {
    this.#isClosed = true
    for (const end of this.#subscriptions) end()
    return Promise.resolve()
  }
}
