/**
 * The flights job as one plain loop over the two files, sharing no code with the product: what `--export` must equal byte for byte.
 * Run it by itself: `node test/examples/flights-twin.ts DIR [--limit N] [--raw]`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet'

export interface TwinOptions {
  readonly limit?: number
  readonly raw?: boolean
}

export interface TwinAnswer {
  readonly windowsCsv: string
  readonly top10Csv: string
  readonly summaryJson: string
  readonly summary: Readonly<Record<string, number>>
  /** Rows of origins that are not in airports.csv. */
  readonly dead: number
}

export interface TwinRow {
  readonly date: number
  readonly delay: number
  readonly origin: string
}

const data = join(import.meta.dirname, '../../node_modules/vega-datasets/data')
const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** All rows in the order of (arrival, row number in the file). */
export async function flightsInArrivalOrder(): Promise<TwinRow[]> {
  const file = await asyncBufferFromFile(`${data}/flights-3m.parquet`)
  const metadata = await parquetMetadataAsync(file)
  const rows: TwinRow[] = []
  let rowStart = 0
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows)
    const compressors = { ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdDecompressSync(bytes)) }
    // The column says microseconds without a zone; hyparquet makes a Date of them as if they were UTC, which is what the job asks for.
    const onComplete = (found: unknown[][]): void => {
      for (const [date, delay, origin] of found) rows.push({ date: Number(date), delay: Number(delay), origin: String(origin) })
    }
    await parquetRead({ file, metadata, rowStart, rowEnd, columns: ['date', 'delay', 'origin'], compressors, onComplete })
    rowStart = rowEnd
  }
  // Array.sort is stable, so equal arrivals keep the order of the file.
  return rows.sort((a, b) => a.date + a.delay * minuteMs - (b.date + b.delay * minuteMs))
}

/** iata → state, the text as it stands between the commas. */
function statesOfAirports(): Map<string, string> {
  const text = readFileSync(`${data}/airports.csv`, 'utf8')
  const states = new Map<string, string>()
  for (const line of text.split('\n').slice(1)) {
    if (line === '') continue
    const cells = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(match => match[1] ?? match[2] ?? '')
    if (cells.length !== 7) throw new Error(`airports.csv: ${cells.length} cells in ${line}`)
    states.set(cells[0] as string, cells[3] as string)
  }
  return states
}

export async function flightsTwin(options: TwinOptions = {}): Promise<TwinAnswer> {
  const rows = await flightsInArrivalOrder()
  return answerOf(options.limit === undefined ? rows : rows.slice(0, options.limit), options.raw === true)
}

export function answerOf(rows: readonly TwinRow[], raw: boolean): TwinAnswer {
  const states = statesOfAirports()
  const delaysOfWindow = new Map<number, Map<string, number[]>>()
  let latest = -Infinity
  let late = 0
  let lateDelaySum = 0
  let suspect = 0
  let dead = 0
  const flightsOfDay = new Map<number, Map<string, number>>()
  let dayLate = 0
  for (const { date, delay, origin } of rows) {
    if (!raw && delay < -60) {
      suspect += 1
      continue
    }
    const watermark = latest - 60 * minuteMs
    if (date > latest) latest = date
    if (!states.has(origin)) {
      dead += 1
      continue
    }
    const day = date - (date % dayMs)
    if (watermark >= day + dayMs) dayLate += 1
    else {
      const flights = flightsOfDay.get(day) ?? new Map<string, number>()
      flightsOfDay.set(day, flights.set(origin, (flights.get(origin) ?? 0) + 1))
    }
    const windowStart = date - (date % hourMs)
    if (watermark >= windowStart + hourMs) {
      late += 1
      lateDelaySum += delay
      continue
    }
    let origins = delaysOfWindow.get(windowStart)
    if (!origins) delaysOfWindow.set(windowStart, (origins = new Map()))
    const delays = origins.get(origin)
    if (delays) delays.push(delay)
    else origins.set(origin, [delay])
  }
  const lines: string[] = []
  const top10 = top10Lines(flightsOfDay)
  const summary = { windows: 0, sumCount: 0, sumDelay: 0, sumP95: 0, late, lateDelaySum, suspect, dayLate, top10Rows: top10.length }
  for (const windowStart of [...delaysOfWindow.keys()].sort((a, b) => a - b)) {
    const origins = delaysOfWindow.get(windowStart) as Map<string, number[]>
    for (const origin of [...origins.keys()].sort()) {
      const delays = (origins.get(origin) as number[]).sort((a, b) => a - b)
      const sum = delays.reduce((total, delay) => total + delay, 0)
      const p95 = delays[Math.ceil((9500 * delays.length) / 10_000) - 1] as number
      lines.push(`${windowStart / 1000},${origin},${states.get(origin) as string},${delays.length},${sum},${p95}\n`)
      summary.windows += 1
      summary.sumCount += delays.length
      summary.sumDelay += sum
      summary.sumP95 += p95
    }
  }
  return { windowsCsv: lines.join(''), top10Csv: top10.join(''), summaryJson: `${JSON.stringify(summary)}\n`, summary, dead }
}

/** The ten origins with most flights of each day, the first by name where counts are equal. */
function top10Lines(flightsOfDay: ReadonlyMap<number, ReadonlyMap<string, number>>): string[] {
  return [...flightsOfDay]
    .sort(([a], [b]) => a - b)
    .flatMap(([day, flights]) =>
      [...flights]
        .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
        .slice(0, 10)
        .map(([origin, count], at) => `${day / 1000},${at + 1},${origin},${count}\n`),
    )
}

if (import.meta.main) {
  const words = process.argv.slice(2)
  const directory = words[0] ?? '.'
  const limitAt = words.indexOf('--limit')
  const answer = await flightsTwin({ raw: words.includes('--raw'), ...(limitAt < 0 ? {} : { limit: Number(words[limitAt + 1]) }) })
  mkdirSync(directory, { recursive: true })
  writeFileSync(`${directory}/windows.csv`, answer.windowsCsv)
  writeFileSync(`${directory}/top10.csv`, answer.top10Csv)
  writeFileSync(`${directory}/summary.json`, answer.summaryJson)
  process.stdout.write(`${JSON.stringify({ ...answer.summary, dead: answer.dead })}\n`)
}
