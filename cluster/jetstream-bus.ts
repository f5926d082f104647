/** The bus on core NATS: what is not delivered at once is lost. */
import { EventStoreError } from '../event/error.ts'
import { BUS_BYTES, type Bus, type BusMessage } from './bus.ts'
import { type Connection, reasonOf } from './jetstream-connection.ts'
import { busSubject } from './nats-subjects.ts'

export class NatsBus implements Bus {
  private readonly connection: Connection

  constructor(connection: Connection) {
    this.connection = connection
  }

  get isConnected(): boolean {
    return this.connection.isConnected
  }

  publish(subject: string, bytes: Uint8Array): void {
    // The client would keep it and send it after the connection is back, as a heartbeat that is old.
    if (!this.isConnected || bytes.length > BUS_BYTES) return
    try {
      this.connection.nats.publish(busSubject(this.connection.name, subject), bytes)
    } catch {
      // Closed since: lost.
    }
  }

  subscribe(subject: string, received: (message: BusMessage) => void): () => void {
    const begins = busSubject(this.connection.name, '').length
    const subscription = this.connection.nats.subscribe(busSubject(this.connection.name, subject), {
      callback: (error, message) => {
        if (error !== null) return
        received({
          subject: message.subject.slice(begins),
          bytes: message.data,
          reply: bytes => {
            if (this.isConnected && bytes.length <= BUS_BYTES) message.respond(bytes)
          },
        })
      },
    })
    return () => subscription.unsubscribe()
  }

  async request(subject: string, bytes: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    if (bytes.length > BUS_BYTES) {
      throw new EventStoreError('TOO_LARGE', `A request of ${bytes.length} bytes is above ${BUS_BYTES}.`, {
        limit: BUS_BYTES,
        actual: bytes.length,
      })
    }
    try {
      return (await this.connection.request(busSubject(this.connection.name, subject), bytes, timeoutMs)).data
    } catch (error) {
      throw new EventStoreError('UNREACHABLE', `No answer from ${subject}: ${reasonOf(error)}`, { subject })
    }
  }

  async close(): Promise<void> {
    await this.connection.close()
  }
}
