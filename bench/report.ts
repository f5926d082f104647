/** One JSON line a figure on stdout; everything said to people goes to stderr. */
import { commit, machine } from './machine.ts'

export interface Figure {
  readonly bench: string
  readonly case: string
  readonly value: number
  readonly unit: string
  /** Measured in the same run, on the same disk, in the same unit. */
  readonly baseline?: { readonly name: string; readonly value: number }
  /** What stands beside the figure: percentiles, memory, the bare disk. */
  readonly [extra: string]: unknown
}

/** Four significant digits, so that lines can be read and compared. */
export function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(4))
}

function roundedDeep(value: unknown): unknown {
  if (typeof value === 'number') return rounded(value)
  if (Array.isArray(value)) return value.map(roundedDeep)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, roundedDeep(inner)]))
}

/** The line as an object; `ratio` is always value ÷ baseline, whichever way is better for the unit. */
export function lineOf(figure: Figure): Record<string, unknown> {
  const { bench, case: name, value, unit, baseline, ...extra } = figure
  const ratio = baseline && baseline.value !== 0 ? value / baseline.value : null
  const fixed = roundedDeep({ bench, case: name, value, unit, baseline: baseline ?? null, ratio }) as Record<string, unknown>
  return { ...fixed, commit: commit(), machine: machine(), ...(roundedDeep(extra) as Record<string, unknown>) }
}

export function report(figure: Figure): void {
  process.stdout.write(`${JSON.stringify(lineOf(figure))}\n`)
}

/** A line for the person who waits. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

export interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Nearest rank over a sorted copy; zeros for no samples. */
export function percentiles(samples: ArrayLike<number>): Percentiles {
  const sorted = Float64Array.from(samples).sort()
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
