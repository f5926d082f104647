/** The registry as a bucket of NATS: a subject a key, compare-and-set by the sequence of its last message. */
import { EventStoreError } from '../event/error.ts'
import { answered, appendTo, lastOf, type Place } from './jetstream-append.ts'
import type { Connection } from './jetstream-connection.ts'
import { StreamFollower } from './jetstream-follow.ts'
import { bucketStream, keySubject } from './nats-subjects.ts'
import type { Registry, RegistryEntry, RegistryWrite } from './registry.ts'

/** Keys read at a time by `list`. */
const READS = 64
const KEY = /^[-/_=a-zA-Z0-9]+(?:\.[-/_=a-zA-Z0-9]+)*$/

export class JetStreamRegistry implements Registry {
  private readonly connection: Connection
  private readonly stream: string
  private readonly followers = new Set<StreamFollower>()

  constructor(connection: Connection) {
    this.connection = connection
    this.stream = bucketStream(connection.name)
  }

  async read(key: string): Promise<RegistryEntry | null> {
    const found = await lastOf(this.connection, this.place(key))
    return found === null ? null : { key, value: valueOf(found.data), revision: found.seq }
  }

  async list(prefix: string): Promise<RegistryEntry[]> {
    const all = keySubject(this.connection.name, '')
    const keys = (await this.subjects(`${all}>`)).map(subject => subject.slice(all.length)).filter(key => key.startsWith(prefix))
    const entries: RegistryEntry[] = []
    for (let index = 0; index < keys.length; index += READS) {
      const read = await Promise.all(keys.slice(index, index + READS).map(key => this.read(key)))
      entries.push(...read.filter(entry => entry !== null))
    }
    return entries.sort((one, other) => one.revision - other.revision)
  }

  async write(key: string, value: unknown, revision: number): Promise<RegistryWrite> {
    if (!KEY.test(key)) return { kind: 'unknown', reason: `"${key}" is not a key` }
    const append = await appendTo(this.connection, this.place(key), revision, [Buffer.from(JSON.stringify(value))])
    return append.kind === 'committed' ? { kind: 'written', revision: append.sequence } : append
  }

  watch(prefix: string, changed: (entry: RegistryEntry) => void): () => void {
    const all = keySubject(this.connection.name, '')
    const follower = new StreamFollower(this.connection, {
      stream: this.stream,
      subjects: [`${all}>`],
      after: 0,
      lastPerSubject: true,
      message: ({ subject, sequence, bytes }) => {
        const key = subject.slice(all.length)
        if (key.startsWith(prefix)) changed({ key, value: valueOf(bytes), revision: sequence })
      },
      // It goes on by itself, and a registry is never the only thing that is lost.
      trouble: () => undefined,
    })
    this.followers.add(follower)
    return () => {
      this.followers.delete(follower)
      void follower.close()
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.followers].map(follower => follower.close()))
    await this.connection.close()
  }

  private place(key: string): Place {
    if (!KEY.test(key)) throw new EventStoreError('INVALID', `"${key}" is not a key of the registry.`, { field: 'key' })
    return { stream: this.stream, subject: keySubject(this.connection.name, key) }
  }

  private async subjects(filter: string): Promise<string[]> {
    const call = () => this.connection.jetstream.streams.info(this.stream, { subjects_filter: filter })
    const { state } = await answered(this.connection, 'keys of the registry', call)
    return Object.keys(state.subjects ?? {})
  }
}

/** Somebody else's tool may leave an empty marker where it deleted a key. */
function valueOf(bytes: Uint8Array): unknown {
  return bytes.length === 0 ? null : JSON.parse(Buffer.from(bytes).toString('utf8'))
}
