/** The durable rows of the steps that run in one thread: what is put between two barriers is gathered as bytes of one epoch. */
import { DEFAULT_SCOPE, type Scope } from '../event/scope.ts'
import type { StepState } from '../operators/operator.ts'
import { EpochRows } from '../store/epoch-rows.ts'
import { slotScope } from '../store/slot.ts'
import { type Generations, type StateStore, stepPrefix } from '../store/state.ts'

export interface StepStatesOptions {
  /** Whose topology it is; the default tenant's when left out. */
  readonly scope?: Scope
  /** Where its rows lie; the first slot when left out. */
  readonly slot?: number
  readonly topology: string
  /** Of steps whose rows were made anew by a new version of the topology: how often. */
  readonly generations?: Generations
  readonly store: StateStore
  /** A sign of life, now and then in long work of ours. */
  beat(): void
}

export class StepStates {
  readonly bytes: EpochRows
  readonly #options: StepStatesOptions

  constructor(options: StepStatesOptions) {
    this.#options = options
    this.bytes = new EpochRows(options.store)
  }

  state(step: string, schemaVersion: number): StepState {
    const { scope = DEFAULT_SCOPE, slot, topology, generations, beat } = this.#options
    const prefix = stepPrefix(slotScope(scope, slot) + topology, step, schemaVersion, generations?.[step])
    return {
      rows: (within, from) => this.alive(this.bytes.rows(prefix, { ...(within && { within }), ...(from && { from }) })),
      get: key => this.bytes.get(prefix, key),
      getMany: keys => this.bytes.getMany(prefix, keys),
      put: (key, value) => {
        beat()
        this.bytes.put('state', prefix, key, value)
      },
      delete: key => this.bytes.delete('state', prefix, key),
    }
  }

  /** A large state takes longer to read back than a worker may be silent. */
  *alive<Row>(rows: Iterable<Row>): Generator<Row> {
    for (const row of rows) {
      this.#options.beat()
      yield row
    }
  }
}
