/** The state writer as other threads see it, and what they say to it. */
import type { EpochWrite, StateOwner } from '../../actors/state-writer.ts'
import type { StateSize } from '../../event/topologies.ts'
import type { SavepointRow } from '../../store/savepoint.ts'
import type { SettleVersion } from '../../store/settle-version.ts'
import type { BytesPort } from './bytes-port.ts'

export type StateQuestion =
  | { readonly kind: 'write'; readonly topology: string; readonly incarnation: number }
  | { readonly kind: 'begin'; readonly topology: string; readonly incarnation: number }
  | { readonly kind: 'drop'; readonly topology: string }
  | { readonly kind: 'measure'; readonly topology: string }
  | { readonly kind: 'savepoint'; readonly savepoint: Parameters<StateOwner['savepoint']>[0] }
  | { readonly kind: 'readBack'; readonly savepoint: Parameters<StateOwner['readBack']>[0] }
  | { readonly kind: 'dropSavepoint'; readonly topology: string; readonly id: string }
  | { readonly kind: 'settleVersion'; readonly version: SettleVersion }
  | { readonly kind: 'moveOutbox'; readonly from: string; readonly to: string }
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

  async savepoint(savepoint: Parameters<StateOwner['savepoint']>[0]): Promise<SavepointRow> {
    return (await this.#port.ask({ kind: 'savepoint', savepoint })) as SavepointRow
  }

  async readBack(savepoint: Parameters<StateOwner['readBack']>[0]): Promise<void> {
    await this.#port.ask({ kind: 'readBack', savepoint })
  }

  async dropSavepoint(topology: string, id: string): Promise<void> {
    await this.#port.ask({ kind: 'dropSavepoint', topology, id })
  }

  async settleVersion(version: SettleVersion): Promise<void> {
    await this.#port.ask({ kind: 'settleVersion', version })
  }

  async moveOutbox(from: string, to: string): Promise<void> {
    await this.#port.ask({ kind: 'moveOutbox', from, to })
  }
}
