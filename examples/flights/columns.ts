/** Three million flights as columns in shared memory, so that the workers who read them hand over nothing but names. */

export interface FlightColumns {
  /** Scheduled departure, ms since the epoch; the file has no zone and is read as UTC. */
  readonly date: Float64Array
  /** Minutes; negative when the flight left early. */
  readonly delay: Int32Array
  /** Miles. */
  readonly distance: Int32Array
  /** Codes into a list of airports. */
  readonly origin: Uint16Array
  readonly destination: Uint16Array
}

/** One row group of the file for one worker: it writes its rows from `firstRow` on, with codes of its own. */
export interface GroupTask {
  readonly path: string
  readonly firstRow: number
  readonly rows: number
  readonly columns: FlightColumns
}

/** The airports behind the codes that a worker wrote. */
export interface GroupAnswer {
  readonly origins: readonly string[]
  readonly destinations: readonly string[]
}

export function sharedColumns(rows: number): FlightColumns {
  return {
    date: new Float64Array(new SharedArrayBuffer(rows * 8)),
    delay: new Int32Array(new SharedArrayBuffer(rows * 4)),
    distance: new Int32Array(new SharedArrayBuffer(rows * 4)),
    origin: new Uint16Array(new SharedArrayBuffer(rows * 2)),
    destination: new Uint16Array(new SharedArrayBuffer(rows * 2)),
  }
}
