/**
 * A cluster's shared log, bus and registry in the memory of one process, for tests and simulators: all nodes share them, and they fail as the real
 * ones do, by chance or on request. Time is the caller's timers, chance the caller's numbers; without faults everything arrives after 1 ms.
 */
import type { Timers } from '../event/timers.ts'
import type { Bus } from './bus.ts'
import { BusServers, LoopbackBus } from './loopback-bus.ts'
import { type LogFaults, LogServers, LoopbackLog } from './loopback-log.ts'
import { LoopbackRegistry, type RegistryFaults, RegistryServers } from './loopback-registry.ts'
import { faultlessWire, Wire, type WireEnd, type WireFaults } from './loopback-wire.ts'
import type { Registry } from './registry.ts'
import type { SharedLog } from './shared-log.ts'

export { SERVERS } from './loopback-wire.ts'

export interface LoopbackFaults {
  readonly wire: WireFaults
  readonly log: LogFaults
  readonly registry: RegistryFaults
}

export const faultless: LoopbackFaults = {
  wire: faultlessWire,
  log: { spuriousConflict: 0, answerMs: 2_000 },
  registry: { stale: 0, answerMs: 2_000 },
}

export interface LoopbackOptions {
  readonly timers: Timers
  /** At least 0, below 1; only asked while there are faults or delays that vary. */
  readonly random?: () => number
  readonly faults?: LoopbackFaults
}

/** What one process has of the cluster. */
export interface LoopbackNode {
  readonly id: string
  readonly log: SharedLog
  readonly bus: Bus
  readonly registry: Registry
  /** The process is gone: nothing reaches it any more, what it sent goes on its way. */
  leave(): void
}

export class LoopbackCluster {
  readonly wire: Wire
  readonly log: LogServers
  readonly registry: RegistryServers
  readonly #bus = new BusServers()

  constructor(options: LoopbackOptions) {
    const { timers, random = () => 0, faults = faultless } = options
    this.wire = new Wire(timers, random, faults.wire)
    this.log = new LogServers(this.wire, faults.log)
    this.registry = new RegistryServers(this.wire, faults.registry)
  }

  /** From now on. */
  set faults(faults: LoopbackFaults) {
    this.wire.faults = faults.wire
    this.log.faults = faults.log
    this.registry.faults = faults.registry
  }

  /** A process that starts; `timers` are those that stand still with it. */
  node(id: string, timers: Timers = this.wire.timers): LoopbackNode {
    const end: WireEnd = { id, timers, gone: false }
    const { wire, log } = this
    return {
      id,
      log: new LoopbackLog(log, wire, end),
      bus: new LoopbackBus(this.#bus, wire, end),
      registry: new LoopbackRegistry({ registry: this.registry, log }, wire, end),
      leave: () => {
        end.gone = true
      },
    }
  }

  /** No quorum of the servers: log and registry do not answer, the bus goes on. */
  stall(): void {
    this.log.stall()
  }

  resume(): void {
    this.log.resume()
    this.registry.wake()
  }

  /** All cuts mended, a quorum, nothing fails any more. */
  heal(): void {
    this.faults = faultless
    this.wire.mendAll()
    this.resume()
  }
}
