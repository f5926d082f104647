/** The state writer as other threads see it, and what they say to it. */
import type { EpochWrite, StateOwner } from '../../actors/state-writer.ts'
import type { StateSize } from '../../event/topologies.ts'
import type { BytesPort } from './bytes-port.ts'

export type StateQuestion =
  | { readonly kind: 'write'; readonly topology: string; readonly incarnation: number }
  | { readonly kind: 'begin'; readonly topology: string; readonly incarnation: number }
  | { readonly kind: 'drop'; readonly topology: string }
  | { readonly kind: 'measure'; readonly topology: string }
  | { readonly kind: 'stop' }

export class RemoteStateWriter implements StateOwner {
  readonly #port: BytesPort<StateQuestion>

  constructor(port: BytesPort<StateQuestion>) {
    this.#port = port
  }

  async write({ topology, incarnation, bytes }: EpochWrite): Promise<void> {
    await this.#port.ask({ kind: 'write', topology, incarnation }, bytes)
  }

  async begin(topology: string, incarnation: number): Promise<void> {
    await this.#port.ask({ kind: 'begin', topology, incarnation })
  }

  async drop(topology: string): Promise<void> {
    await this.#port.ask({ kind: 'drop', topology })
  }

  async measure(topology: string): Promise<StateSize> {
    return (await this.#port.ask({ kind: 'measure', topology })) as StateSize
  }
}
