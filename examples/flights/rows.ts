/** Reads the flights file with a pool of workers and puts its rows in the order in which they arrived. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet'
import { Piscina } from 'piscina'
import { sharedColumns } from './columns.ts'
import type { FlightColumns, GroupAnswer, GroupTask } from './columns.ts'

export const flightsPath = join(import.meta.dirname, '../../node_modules/vega-datasets/data/flights-3m.parquet')
const minuteMs = 60_000

export interface FlightRows {
  readonly columns: FlightColumns
  /** Names behind the codes of `origin` and `destination`. */
  readonly airports: readonly string[]
  /** Row numbers of the file by (arrival, row number). */
  readonly order: Uint32Array
}

/** `limit`: the first rows in arrival order of the whole file. */
export async function readFlights(options: { limit?: number; onRead?: (rows: number, total: number) => void } = {}): Promise<FlightRows> {
  const { columns, airports } = await readColumns(options.onRead)
  const order = arrivalOrder(columns)
  return { columns, airports, order: order.subarray(0, Math.min(options.limit ?? order.length, order.length)) }
}

/** When the row became known: date + delay, ms. */
export function arrivalOf(columns: FlightColumns, row: number): number {
  return columns.date[row]! + columns.delay[row]! * minuteMs
}

async function readColumns(onRead?: (rows: number, total: number) => void): Promise<{ columns: FlightColumns; airports: string[] }> {
  const metadata = await parquetMetadataAsync(await asyncBufferFromFile(flightsPath))
  const total = Number(metadata.num_rows)
  const columns = sharedColumns(total)
  const airports = new Map<string, number>()
  const pool = new Piscina<GroupTask, GroupAnswer>({
    filename: new URL('./read-group.ts', import.meta.url).href,
    name: 'readGroup',
    minThreads: 1,
    maxThreads: Math.min(availableParallelism(), metadata.row_groups.length),
  })
  try {
    let firstRow = 0
    let done = 0
    const groups = metadata.row_groups.map(async ({ num_rows }) => {
      const task = { path: flightsPath, firstRow, rows: Number(num_rows), columns }
      firstRow += task.rows
      const { origins, destinations } = await pool.run(task)
      recode(columns.origin, task, origins, airports)
      recode(columns.destination, task, destinations, airports)
      done += task.rows
      onRead?.(done, total)
    })
    await Promise.all(groups)
  } finally {
    await pool.destroy()
  }
  return { columns, airports: [...airports.keys()] }
}

/** From the codes of one worker to those of the whole file. */
function recode(codes: Uint16Array, task: GroupTask, names: readonly string[], airports: Map<string, number>): void {
  const to = Uint16Array.from(names, name => {
    const code = airports.get(name) ?? airports.size
    airports.set(name, code)
    return code
  })
  for (let row = task.firstRow; row < task.firstRow + task.rows; row++) codes[row] = to[codes[row]!]!
}

/** A counting sort by minute: every date of this file stands on a whole minute, and equal minutes keep the order of the file. */
function arrivalOrder(columns: FlightColumns): Uint32Array {
  const rows = columns.date.length
  let first = Infinity
  let last = -Infinity
  for (let row = 0; row < rows; row++) {
    const minute = arrivalOf(columns, row) / minuteMs
    if (!Number.isInteger(minute)) throw new Error(`the date of row ${row} does not stand on a whole minute`)
    if (minute < first) first = minute
    if (minute > last) last = minute
  }
  const next = new Uint32Array(rows === 0 ? 1 : last - first + 2)
  for (let row = 0; row < rows; row++) next[arrivalOf(columns, row) / minuteMs - first + 1]!++
  for (let minute = 1; minute < next.length; minute++) next[minute]! += next[minute - 1]!
  const order = new Uint32Array(rows)
  for (let row = 0; row < rows; row++) order[next[arrivalOf(columns, row) / minuteMs - first]!++] = row
  return order
}
