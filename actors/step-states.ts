/** The durable rows of the steps that run in one thread: what is put between two barriers is gathered as bytes of one epoch. */
import { DEFAULT_SCOPE, type Scope } from '../event/scope.ts'
import type { StepState } from '../operators/operator.ts'
import { EpochRows } from '../store/epoch-rows.ts'
import { type StateStore, stepPrefix } from '../store/state.ts'

export interface StepStatesOptions {
  /** Whose topology it is; the default tenant's when left out. */
  readonly scope?: Scope
  readonly topology: string
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
    const { scope = DEFAULT_SCOPE, topology, beat } = this.#options
    const prefix = stepPrefix(scope + topology, step, schemaVersion)
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
