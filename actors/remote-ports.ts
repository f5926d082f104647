/** The ways to all other nodes, by their names, and what comes back on them. */
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
  readonly #ports = new Map<string, RemotePort>()
  readonly #watchers = new Set<() => void>()
  readonly #end: () => void

  constructor(options: RemotePortsOptions) {
    this.#options = options
    this.#end = options.bus.subscribe(`node.${options.self}.appended`, ({ bytes }) => {
      const opened = options.envelopes.open(bytes)
      // From a node that nothing was sent to, there is nothing to hear.
      if (opened?.kind === APPENDED) this.#ports.get(opened.node)?.received(opened.body, opened.incarnation)
    })
  }

  to(node: string): RemotePort {
    let port = this.#ports.get(node)
    if (!port) this.#ports.set(node, (port = new RemotePort({ ...this.#options, node, freed: () => this.#freed() })))
    return port
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
    for (const port of this.#ports.values()) port.stop()
  }
}
