/** The ways to the processes of all other nodes, and what comes back on them. */
import type { Bus } from '../cluster/bus.ts'
import type { Envelopes } from '../cluster/envelopes.ts'
import type { StampClock } from '../event/stamp.ts'
import type { Timers } from '../event/timers.ts'
import { APPENDED } from './forward-messages.ts'
import { RemotePort } from './remote-port.ts'

export interface RemotePortsOptions {
  /** This node, and this process of it. */
  readonly self: string
  readonly incarnation: string
  readonly bus: Bus
  readonly envelopes: Envelopes
  readonly stamps: StampClock
  readonly timers: Timers
}

export class RemotePorts {
  readonly #options: RemotePortsOptions
  /** By node and process. */
  readonly #ports = new Map<string, Map<string, RemotePort>>()
  readonly #watchers = new Set<() => void>()
  readonly #end: () => void

  constructor(options: RemotePortsOptions) {
    this.#options = options
    this.#end = options.bus.subscribe(`node.${options.self}.appended`, ({ bytes }) => {
      const opened = options.envelopes.open(bytes)
      // From a process that nothing was sent to, there is nothing to hear.
      if (opened?.kind === APPENDED) this.#ports.get(opened.node)?.get(opened.incarnation)?.received(opened.body)
    })
  }

  to(node: string, peer: string): RemotePort {
    const ports = this.#ports.get(node) ?? new Map<string, RemotePort>()
    const known = ports.get(peer)
    if (known) return known
    const made = new RemotePort({ ...this.#options, node, peer, freed: () => this.#freed() })
    this.#ports.set(node, ports)
    // There may be requests for processes before it again: not all partitions change their leaders at once.
    for (const port of ports.values()) port.rest()
    ports.set(peer, made)
    return made
  }

  #freed(): void {
    for (const call of this.#watchers) call()
  }

  /** Called when there may be room on some way. The answer ends it. */
  freed(call: () => void): () => void {
    this.#watchers.add(call)
    return () => void this.#watchers.delete(call)
  }

  stop(): void {
    this.#end()
    for (const ports of this.#ports.values()) for (const port of ports.values()) port.stop()
  }
}
