/** What is known of the columns at each step: follows them from the sources, through what each operator says it makes of them. */
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import { anyRow, envelopeTypes, mergedRow, type RowType } from '../operators/expressions/types.ts'
import { operators } from '../operators/index.ts'
import { isObject } from './proof.ts'
import type { Source, Step, Topology } from './topology.ts'

/** The columns of a source; of a declared one these alone, with those of the envelope for the log. */
export function rowOfSource(source: Source): RowType {
  const envelope = source.kind === 'log' ? envelopeTypes : {}
  // What is no mapping declares nothing, which is said where it stands.
  if (!isObject(source.fields)) return { ...anyRow, fields: envelope }
  return { ...anyRow, fields: { ...envelope, ...source.fields }, isOpen: false }
}

/** Rows by `step.port`, filled from the sources on. */
export class RowTypes {
  readonly #ports = new Map<string, Readonly<Record<string, RowType>>>()
  readonly #functionOf: (reference: string) => unknown

  constructor(sources: readonly Source[], functionOf: (reference: string) => unknown) {
    this.#functionOf = functionOf
    for (const source of sources) this.#ports.set(source.id, { main: rowOfSource(source) })
  }

  /** What comes into a step whose inputs are known; anything when one of them is not. */
  into(step: Pick<Step, 'from'>): RowType {
    return mergedRow(this.inputs(step))
  }

  /** The same by input. */
  inputs({ from }: Pick<Step, 'from'>): readonly RowType[] {
    return from.map(({ step: id, port }) => this.#ports.get(id)?.[port] ?? anyRow)
  }

  /** Notes what leaves a step. INVALID when its options do not fit the columns. */
  pass(step: Step): void {
    const operator = operators[step.operator]
    const input = this.into(step)
    const ports = Object.keys({ ...operator?.spec.ports, ...operator?.portsOf?.(step.options as never) })
    const same = Object.fromEntries([...ports, 'dead'].map(port => [port, input]))
    this.#ports.set(step.id, same)
    const types = operator?.types?.(step.options as never, input, this.#functionOf, this.inputs(step))
    if (types) this.#ports.set(step.id, { ...same, ...types })
  }
}

/** The columns that come into each step of a checked topology; `noteInputs` is given those of each input. */
export function rowTypesOf(
  topology: Topology,
  functionOf: (reference: string) => unknown,
  noteInputs?: (step: Step, rows: readonly RowType[]) => void,
): ReadonlyMap<string, RowType> {
  const types = new RowTypes(topology.sources, functionOf)
  const rows = new Map<string, RowType>()
  for (const step of topology.steps) {
    rows.set(step.id, types.into(step))
    noteInputs?.(step, types.inputs(step))
    try {
      types.pass(step)
    } catch (error) {
      if (!isEventStoreError(error)) throw error
      throw new EventStoreError(error.code, `step ${step.id}: ${error.message}`, { ...error.details, step: step.id }, { cause: error })
    }
  }
  return rows
}
