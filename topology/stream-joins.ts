/** Streams that can be joined: a method for each join, with types that follow the columns of both sides. */
import type { JoinIntervalOptions } from '../operators/joinInterval.ts'
import type { JoinTableOptions } from '../operators/joinTable.ts'
import type { JoinTemporalOptions } from '../operators/joinTemporal.ts'
import type { JoinWindowOptions } from '../operators/joinWindow.ts'
import type { LookupOptions } from '../operators/lookup.ts'
import type { Bounds, FieldOf, Fields, Joined, Joining, Taken } from './fields.ts'
import type { StepInput } from './plan.ts'
import type { Kept, Named } from './step-names.ts'
import type { Stream, WindowedStream } from './stream.ts'

/** The right side: whatever its key is, a join names its own. */
export interface Joinable<Row extends Fields> {
  readonly from: readonly StepInput[]
  /** Never there: it says of which columns the rows are. */
  readonly row?: Row
}

export abstract class JoinableStream<Row extends Fields> {
  abstract readonly from: readonly StepInput[]
  declare readonly row?: Row

  protected abstract join<Out extends Fields>(operator: string, options: object, right?: Joinable<Fields>): WindowedStream<Out, Row>

  /** Joins rows of two streams that happened in the same window; late rows leave by `late`. */
  joinWindow<Right extends Fields, const Options extends Joining<JoinWindowOptions, Row, Right>>(
    right: Joinable<Right>,
    options: Options & Kept<Row>,
  ): WindowedStream<Joined<Row, Right, Options> & Bounds, Row> {
    return this.join('joinWindow', options, right)
  }

  /** Joins rows of two streams whose times lie near each other. */
  joinInterval<Right extends Fields, const Options extends Joining<JoinIntervalOptions, Row, Right> & { readonly until?: FieldOf<Row> }>(
    right: Joinable<Right>,
    options: Options & Kept<Row>,
  ): WindowedStream<Joined<Row, Right, Options>, Row> {
    return this.join('joinInterval', options, right)
  }

  /** Joins each row with the row of its key that was valid at its time. */
  joinTemporal<Right extends Fields, const Options extends Joining<JoinTemporalOptions, Row, Right>>(
    right: Joinable<Right>,
    options: Options & Kept<Row>,
  ): WindowedStream<Joined<Row, Right, Options>, Row> {
    return this.join('joinTemporal', options, right)
  }

  /** Joins each row with the newest row of its key of another stream. */
  joinTable<Right extends Fields, const Options extends Joining<JoinTableOptions, Row, Right>>(
    right: Joinable<Right>,
    options: Options & Kept<Row>,
  ): Stream<Joined<Row, Right, Options>> {
    return this.join('joinTable', options, right)
  }

  /** Joins each row with the row of its key in a table: a file, or a projection. */
  lookup<const Looking extends LookupOptions>(
    options: Looking & { readonly match: FieldOf<Row> | readonly FieldOf<Row>[] } & Named<Row>,
  ): Stream<Row & Taken<Looking['take']>> {
    return this.join('lookup', options)
  }
}
