/** What must hold after every event, whatever goes wrong; the first that does not ends the run. */
import { decodeRow } from '../../actors/replication/replica-row.ts'
import { type LogRecord, RecordReader } from '../../cluster/record.ts'
import type { LogMessage } from '../../cluster/shared-log.ts'
import { replicaKey } from '../../store/index/keys.ts'
import { verifyShard } from '../../store/log/verify.ts'
import type { Machine, World } from './world.ts'

export class Violation extends Error {
  override readonly name = 'Violation'
}

/** A record as it came into the shared log; what is trimmed or lost there stays here. */
interface Known {
  readonly record: LogRecord
  readonly logSequence: number
}

class PartitionHistory {
  readonly partition: number
  readonly records: Known[] = []
  readonly #reader = new RecordReader()
  /** By term: who writes in it. */
  readonly #writers = new Map<number, string>()

  constructor(partition: number) {
    this.partition = partition
  }

  /** Answers the record that the message completes. */
  add(message: LogMessage): LogRecord | null {
    const record = this.#reader.add(message.bytes)
    if (!record) return null
    const wrong = this.#wrong(record)
    if (wrong !== null)
      throw new Violation(`partition ${this.partition}, record ${record.index} (${record.kind}) of ${record.node}: ${wrong}`)
    this.records.push({ record, logSequence: message.sequence })
    return record
  }

  #wrong(record: LogRecord): string | null {
    const before = this.records.at(-1)?.record
    const { index, term, kind, previous, sequence, stamp, blocks } = record
    if (index !== (before?.index ?? 0) + 1) return `comes behind record ${before?.index ?? 0}`
    if (previous !== (before?.crc ?? 0)) return 'was not written behind the record before it'
    if (term < (before?.term ?? 0)) return `is of term ${term}, behind one of term ${before?.term}`
    if (term > (before?.term ?? 0) && kind !== 'started') return `term ${term} did not begin with a record of its own`
    if (stamp < (before?.stamp ?? 0)) return 'its stamp goes back'
    if (sequence < (before?.sequence ?? 0) || (sequence > (before?.sequence ?? 0) && blocks.length === 0))
      return 'its sequence does not follow'
    const writer = `${record.node} ${record.incarnation}`
    const known = this.#writers.get(term)
    if (known !== undefined && (known !== writer || kind === 'started')) return `term ${term} has two leaders: ${known} and ${writer}`
    this.#writers.set(term, writer)
    return null
  }

  get last(): LogRecord | undefined {
    return this.records.at(-1)?.record
  }
}

export class Invariants {
  readonly partitions: readonly PartitionHistory[]
  readonly #world: World
  /** By machine and partition: the highest record and sequence its readers could see; also across restarts. */
  readonly #seen = new Map<string, { index: number; sequence: number }[]>()

  constructor(world: World) {
    this.#world = world
    this.partitions = Array.from({ length: world.options.partitions }, (_, partition) => new PartitionHistory(partition))
    world.cluster.log.appended = message => {
      const record = this.partitions[message.partition]!.add(message)
      if (record) world.say(() => `log: partition ${record.partition} has ${nameOf(record)}`)
    }
  }

  started(machine: Machine): void {
    if (!this.#seen.has(machine.id)) this.forget(machine)
    this.look()
  }

  /** Its disk was exchanged: it begins at nothing again. */
  forget(machine: Machine): void {
    this.#seen.set(
      machine.id,
      this.partitions.map(() => ({ index: 0, sequence: 0 })),
    )
  }

  /** After each event. */
  look(): void {
    for (const { id, process } of this.#world.machines) {
      const seen = this.#seen.get(id)
      if (!process || !seen) continue
      for (const { partition, last, records } of this.partitions) {
        const known = seen[partition]!
        const index = process.replicas.indexOf(partition)
        const sequence = process.view.sequenceOf(partition)
        if (index === known.index && sequence === known.sequence) continue
        const about = `${id}, partition ${partition}`
        if (sequence < known.sequence) throw new Violation(`${about}: the commit sequence fell from ${known.sequence} to ${sequence}`)
        if (sequence > (last?.sequence ?? 0))
          throw new Violation(`${about}: readers see sequence ${sequence}, ${last?.sequence ?? 0} are committed`)
        if (index < known.index) throw new Violation(`${about}: it had record ${known.index}, and has ${index}`)
        if (index > records.length) throw new Violation(`${about}: it has record ${index}, the shared log had ${records.length}`)
        const record = records[index - 1]?.record
        if (record && sequence < record.sequence) throw new Violation(`${about}: it has record ${index} and not all of its events`)
        known.index = index
        known.sequence = sequence
      }
    }
  }

  /** Replicas that do not have all that is committed. */
  behind(): string[] {
    return this.#world.machines.flatMap(({ id, process }) =>
      this.partitions
        .filter(({ partition, records }) => process?.replicas.indexOf(partition) !== records.length)
        .map(({ partition }) => `${id} ${process?.replicas.roleOf(partition) ?? 'away'} in partition ${partition}`),
    )
  }

  isSettled(): boolean {
    return this.behind().length === 0
  }

  /** Walks everything the processes have on their disks: whole, chained, and of the one history that the log tells. */
  lookDeep(): void {
    for (const { id, process } of this.#world.machines) {
      for (const { kv, shared } of process?.shards ?? []) {
        const [damage] = whole(verifyShard(kv, shared)).damage
        if (damage) throw new Violation(`${id}: ${JSON.stringify(damage)}`)
      }
      for (const { partition, records } of this.partitions) {
        const value = process?.shardOf(partition).kv.get('meta', replicaKey(partition))
        const row = value && decodeRow(value)
        if (row && records[row.index - 1]?.record.crc !== row.crc)
          throw new Violation(`${id}, partition ${partition}: record ${row.index} is not the one that was committed`)
      }
    }
  }
}

/** Runs a generator to its end. */
function whole<Result>(steps: Generator<unknown, Result>): Result {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

function nameOf({ index, kind, term, node, sequence }: LogRecord): string {
  return `record ${index}, ${kind} of ${node} in term ${term}, to sequence ${sequence}`
}
