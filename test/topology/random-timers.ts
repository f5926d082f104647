/** Functions of `process` for random topologies: they count, emit, and set timers by what rows hold. */
import type { ProcessContext } from '../../operators/process.ts'

interface SomeRow {
  readonly n?: number
  readonly small?: number
  readonly flag?: boolean
  readonly [name: string]: unknown
}

export const timedFunctions: Readonly<Record<string, unknown>> = {
  '#processed': (state: { count: number }, row: SomeRow, context: ProcessContext) => {
    if (row.flag === undefined) throw new TypeError('no flag')
    state.count++
    if (row.small === 1) context.timer(context.time + (row.n ?? 0) * 10)
    if (row.small === 2) context.timer(context.time + 60, 'one')
    if (row.flag) context.emit({ n: state.count, extra: row.n ?? null, at: row['at'] })
    return row.n === 5 ? null : undefined
  },
  '#due': (state: { count: number }, { at, name }: { at: number; name?: string }, context: ProcessContext) => {
    if (at % 7 === 0) throw new RangeError('seven')
    context.emit({ n: state.count, at, extra: name ?? null })
    if (name === 'one' && state.count % 3 === 0) context.timer(at + 25, 'two')
    return { count: state.count + 10 }
  },
}
