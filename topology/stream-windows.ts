/** The windows of the builder: a method for each operator that aggregates rows by key, or adds what it aggregated to them. */
import type { CountWindowOptions } from '../operators/countWindow.ts'
import type { CumulateOptions } from '../operators/cumulate.ts'
import type { GlobalWindowOptions } from '../operators/globalWindow.ts'
import type { HopOptions } from '../operators/hop.ts'
import type { OverOptions } from '../operators/over.ts'
import type { SessionOptions } from '../operators/session.ts'
import type { TumbleOptions } from '../operators/tumble.ts'
import type { Aggregated, FieldOf, Fields, Results, Uses, Windowed } from './fields.ts'
import type { Kept } from './step-names.ts'
import { JoinableStream } from './stream-joins.ts'
import type { Stream, WindowedStream } from './stream.ts'

/** The options of a window, with the key and the results known by name. */
type Aggregating<Row, Window, Aggregates, Key> = Omit<Window, 'aggregate' | 'by'> &
  Kept<Row> & { readonly by?: Key; readonly aggregate: Aggregates }

export abstract class WindowMethods<Row extends Fields, Key extends FieldOf<Row>> extends JoinableStream<Row> {
  protected abstract aggregated<Out extends Fields>(operator: string, options: object): Stream<Out>
  protected abstract windowed<Out extends Fields>(operator: string, options: object): WindowedStream<Out, Row>

  /** Aggregates rows by key in windows that follow one another; late rows leave by `late`. */
  tumble<const Aggregates extends Uses, const K extends readonly FieldOf<Row>[] = readonly Key[]>(
    options: Aggregating<Row, TumbleOptions, Aggregates, K>,
  ): WindowedStream<Windowed<Row, K[number], Aggregates>, Row> {
    return this.windowed<Windowed<Row, K[number], Aggregates>>('tumble', options)
  }

  /** Aggregates rows by key in windows that overlap. */
  hop<const Aggregates extends Uses, const K extends readonly FieldOf<Row>[] = readonly Key[]>(
    options: Aggregating<Row, HopOptions, Aggregates, K>,
  ): WindowedStream<Windowed<Row, K[number], Aggregates>, Row> {
    return this.windowed<Windowed<Row, K[number], Aggregates>>('hop', options)
  }

  /** Aggregates rows by key in windows that share a start and grow by a step. */
  cumulate<const Aggregates extends Uses, const K extends readonly FieldOf<Row>[] = readonly Key[]>(
    options: Aggregating<Row, CumulateOptions, Aggregates, K>,
  ): WindowedStream<Windowed<Row, K[number], Aggregates>, Row> {
    return this.windowed<Windowed<Row, K[number], Aggregates>>('cumulate', options)
  }

  /** Aggregates rows by key in windows that last as long as rows come. */
  session<const Aggregates extends Uses, const K extends readonly FieldOf<Row>[] = readonly Key[]>(
    options: Aggregating<Row, SessionOptions, Aggregates, K>,
  ): WindowedStream<Windowed<Row, K[number], Aggregates>, Row> {
    return this.windowed<Windowed<Row, K[number], Aggregates>>('session', options)
  }

  /** Aggregates a number of rows by key. */
  countWindow<const Aggregates extends Uses, const K extends readonly FieldOf<Row>[] = readonly Key[]>(
    options: Aggregating<Row, CountWindowOptions, Aggregates, K>,
  ): Stream<Aggregated<Row, K[number], Aggregates>> {
    return this.aggregated<Aggregated<Row, K[number], Aggregates>>('countWindow', options)
  }

  /** Aggregates all rows by key; a trigger says when results leave. */
  globalWindow<const Aggregates extends Uses, const K extends readonly FieldOf<Row>[] = readonly Key[]>(
    options: Aggregating<Row, GlobalWindowOptions, Aggregates, K>,
  ): Stream<Aggregated<Row, K[number], Aggregates>> {
    return this.aggregated<Aggregated<Row, K[number], Aggregates>>('globalWindow', options)
  }

  /** Adds to each row what is aggregated over the rows of its key before it; late rows leave by `late`. */
  over<const Aggregates extends Uses>(
    options: Aggregating<Row, OverOptions, Aggregates, readonly FieldOf<Row>[]>,
  ): WindowedStream<Omit<Row, keyof Aggregates & string> & Results<Aggregates>, Row> {
    return this.windowed<Omit<Row, keyof Aggregates & string> & Results<Aggregates>>('over', options)
  }

  /** Aggregates all rows by key, once, at the end of the input. */
  total<const Aggregates extends Uses, const K extends readonly FieldOf<Row>[] = readonly Key[]>(
    options: Kept<Row> & { readonly by?: K; readonly aggregate: Aggregates },
  ): Stream<Aggregated<Row, K[number], Aggregates>> {
    return this.aggregated<Aggregated<Row, K[number], Aggregates>>('total', options)
  }
}
