/** The methods of the builder that have to do with time: when rows happened, what the clock makes, and functions with timers. */
import type { EventTimeOptions } from '../operators/eventTime.ts'
import type { EveryOptions } from '../operators/every.ts'
import type { ProcessOptions } from '../operators/process.ts'
import type { FieldOf, Fields } from './fields.ts'
import type { By, Kept, Named } from './step-names.ts'
import { WindowMethods } from './stream-windows.ts'
import type { Stream, Timed } from './stream.ts'

export abstract class TimeMethods<Row extends Fields, Key extends FieldOf<Row>> extends WindowMethods<Row, Key> {
  protected abstract next<Out extends Fields, OutKey extends FieldOf<Out>>(operator: string, options: object): Stream<Out, OutKey>
  protected abstract timed(options: object): Timed<Row, Key>

  /** Says when rows happened; rows too far in the future leave by `suspect`. */
  eventTime(options: EventTimeOptions & { readonly field: FieldOf<Row> } & Named<Row>): Timed<Row, Key> {
    return this.timed(options)
  }

  /** Says that rows happened when they were recorded, so that windows go by the clock; `as` names a column for it. */
  processingTime<const As extends string = never>(options: {
    readonly id: string
    readonly as?: As
  }): Stream<Row & { readonly [Name in As]: number }, Key> {
    return this.next<Row & { readonly [Name in As]: number }, Key>('processingTime', options)
  }

  /** A row each so often by the clock, whatever comes. */
  every(options: EveryOptions & { readonly id: string }): Stream<{ at: number; missed: number }> {
    return this.next<{ at: number; missed: number }, never>('every', options)
  }

  /** A function with a state by key and timers: for each row, and for each timer it has set. */
  process<Out extends Fields = Record<string, unknown>>(options: ProcessOptions & By<Row> & Kept<Row>): Stream<Out> {
    return this.next<Out, never>('process', options)
  }
}
