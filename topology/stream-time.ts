/** The methods of the builder that have to do with time: when rows happened, what the clock makes, and functions with timers. */
import type { EventTimeOptions } from '../operators/eventTime.ts'
import type { FieldOf, Fields } from './fields.ts'
import type { Identified, Named } from './step-names.ts'
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
  processingTime<const As extends string = never>(
    options: { readonly id: string; readonly as?: As } & Identified,
  ): Stream<Row & { readonly [Name in As]: number }, Key> {
    return this.next<Row & { readonly [Name in As]: number }, Key>('processingTime', options)
  }
}
