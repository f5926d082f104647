/** A whole cluster in one thread: machines with disks and clocks, the processes on them, the servers between them, and one seed for all chance. */
import { LoopbackCluster } from '../../cluster/loopback.ts'
import type { ReplicaEvent } from '../../actors/replication/shard-replicas.ts'
import { EventStoreError } from '../../event/error.ts'
import type { ColumnProfile } from '../../store/key-value.ts'
import type { ShardColumn } from '../../store/index/keys.ts'
import { Disk } from './disk.ts'
import { Invariants, Violation } from './invariants.ts'
import { Process } from './process.ts'
import { MachineClock, ProcessTime } from './process-time.ts'
import { Random } from './random.ts'
import { VirtualTime } from './virtual-time.ts'

const columns: Readonly<Record<ShardColumn, ColumnProfile>> = { log: 'rising', index: 'scattered', meta: 'small' }

export interface WorldOptions {
  readonly seed: number
  readonly nodes: number
  readonly partitions: number
  readonly shards: number
  /** Its nodes decide who leads; else a schedule does. */
  readonly elects?: boolean
  /** Told what happens, as text that is only made when somebody reads it. */
  readonly trace?: ((line: string) => void) | undefined
}

/** What a node's process can not go on from by itself. */
export interface Machine {
  readonly id: string
  readonly clock: MachineClock
  readonly disks: readonly Disk<ShardColumn>[]
  process: Process | null
  /** Called when its process ends, by those that wait for an answer of it. */
  readonly ended: Set<() => void>
}

export class World {
  readonly options: WorldOptions
  readonly random: Random
  readonly time = new VirtualTime()
  readonly cluster: LoopbackCluster
  readonly machines: readonly Machine[]
  readonly storeId: string
  readonly invariants: Invariants
  /** Told what shards tell whoever decides who leads. */
  readonly listeners = new Set<(machine: Machine, event: ReplicaEvent) => void>()

  constructor(options: WorldOptions) {
    this.options = options
    this.random = new Random(options.seed)
    this.cluster = new LoopbackCluster({ timers: this.time, random: this.random.fork().float })
    this.storeId = hexOf(this.random.bytes(8))
    this.invariants = new Invariants(this)
    this.machines = Array.from({ length: options.nodes }, (_, i) => {
      const clock = new MachineClock(this.time, this.random.fork())
      const disks = Array.from({ length: options.shards }, () => new Disk(columns, this.random.fork()))
      const machine: Machine = { id: `n${i + 1}`, clock, disks, process: null, ended: new Set() }
      for (const disk of disks) disk.died = () => this.crash(machine, 'in the middle of a write')
      return machine
    })
  }

  say(text: () => string): void {
    const { trace } = this.options
    if (trace) trace(`${(this.time.nowMs / 1000).toFixed(4).padStart(9)}  ${text()}`)
  }

  start(machine: Machine): void {
    if (machine.process) return
    const time = new ProcessTime(machine.clock, this.random.fork())
    const incarnation = hexOf(this.random.bytes(8))
    this.time.current = time
    this.say(() => `${machine.id} starts as ${incarnation.slice(0, 4)}`)
    machine.process = new Process({
      id: machine.id,
      incarnation,
      storeId: this.storeId,
      partitions: this.options.partitions,
      time,
      node: this.cluster.node(machine.id, time),
      disks: machine.disks.map(disk => disk.open()),
      peers: this.machines.filter(each => each !== machine).map(each => each.id),
      elects: this.options.elects ?? false,
      refused: why => {
        throw new Violation(`${machine.id}: ${why}`)
      },
      told: event => {
        this.say(() => `${machine.id} ${said(event)}`)
        for (const listener of this.listeners) listener(machine, event)
      },
    })
    this.time.current = null
    this.invariants.started(machine)
  }

  /** As kill -9, or as the power goes: what was not synced may be gone. */
  crash(machine: Machine, how = 'is killed'): void {
    const { process } = machine
    if (!process) return
    this.say(() => `${machine.id} ${how}`)
    this.invariants.look()
    machine.process = null
    process.time.end()
    process.node.leave()
    for (const disk of machine.disks) disk.crash()
    for (const ended of [...machine.ended]) ended()
  }

  /**
   * A machine is exchanged for one with empty disks, and the shared log forgets what the others have: only they can give it back. Answers false when
   * they do not have it.
   */
  exchange(machine: Machine): boolean {
    const others = this.machines.filter(each => each !== machine).map(each => each.process)
    if (others.some(process => process === null)) return false
    this.crash(machine, 'is exchanged')
    for (const { partition, records } of this.invariants.partitions) {
      const index = Math.min(...others.map(process => process!.replicas.indexOf(partition)))
      const known = records[index - 1]
      if (known) this.cluster.log.trim(partition, known.logSequence + 1)
    }
    for (const disk of machine.disks) disk.wipe()
    this.invariants.forget(machine)
    return true
  }

  stop(machine: Machine): void {
    this.say(() => `${machine.id} is stopped`)
    machine.process?.time.stop()
  }

  go(machine: Machine): void {
    if (!machine.process?.time.isStopped) return
    this.say(() => `${machine.id} goes on`)
    machine.process.time.go()
  }

  /** A client asks a node over a connection of its own. UNREACHABLE: nobody was asked; UNKNOWN_OUTCOME: no answer came. */
  ask<Answer>(machine: Machine, timeoutMs: number, work: (process: Process) => Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { process } = machine
      const wire = (): number => this.random.between(0.2, 2)
      if (!process) {
        this.time.after(wire(), () => reject(new EventStoreError('UNREACHABLE', `${machine.id} is not there`)))
        return
      }
      const lost = (): void => {
        machine.ended.delete(lost)
        this.time.after(wire(), () => reject(new EventStoreError('UNKNOWN_OUTCOME', `${machine.id} does not answer`)))
      }
      machine.ended.add(lost)
      this.time.after(timeoutMs, lost)
      const answer = (settle: () => void): void => {
        if (!machine.ended.delete(lost)) return
        this.time.after(wire(), settle)
      }
      this.time.after(wire(), () =>
        process.time.after(0, () => {
          work(process).then(
            value => answer(() => resolve(value)),
            (error: Error) => answer(() => reject(error)),
          )
        }),
      )
    })
  }

  /** Lets time go on until it holds, looking at all invariants after each event. Answers whether it holds. */
  until(holds: () => boolean, limitMs: number): Promise<boolean> {
    return this.time.until(() => {
      this.invariants.look()
      return holds()
    }, limitMs)
  }
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function said(event: ReplicaEvent): string {
  switch (event.kind) {
    case 'started':
      return `leads partition ${event.partition} in term ${event.term}`
    case 'lost':
      return `leads partition ${event.partition} no longer (term ${event.term}): ${event.reason}`
    case 'resigned':
      return `has given up partition ${event.partition} in term ${event.term}`
    case 'record':
      return `sees that ${event.node} leads partition ${event.partition} in term ${event.term}`
    case 'stopped':
      return `stops partition ${event.partition}: ${event.reason}`
  }
}
