/**
 * Count, mean and sum of squared differences of each cell: the state of `variance`
 * and `stddev`. Welford (1962), merged as by Chan, Golub and LeVeque (1979).
 */
import { EventStoreError } from '../../event/error.ts'
import type { Page } from '../flow.ts'
import type { OptionSpec } from '../operator.ts'
import { type AggregateCells, grown } from './aggregate.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { checkedNumbers } from './sum.ts'

/** Of all there is, or of a sample of it, which divides by one less. */
export type SpreadKind = 'sample' | 'population'

export interface SpreadOptions {
  readonly field: string
  readonly kind?: SpreadKind
}

export const spreadKindOption: OptionSpec = {
  type: 'choice',
  choices: ['sample', 'population'],
  default: 'sample',
  summary: 'Whether the rows are a sample (n − 1 below the fraction) or all there is (n).',
}

/** For the pages of both. */
export const spreadDescription =
  'It is computed by the method of Welford, and parts are joined as Chan, Golub and LeVeque have it: large numbers close together lose no ' +
  'digits to one another. It is null as well where a double can not hold it.'

/** INVALID for another kind. */
function isSample(kind: unknown, name: string): boolean {
  if (kind === 'sample' || kind === 'population') return kind === 'sample'
  throw new EventStoreError('INVALID', `${name}: kind is sample or population, not ${JSON.stringify(kind)}`, { option: 'kind' })
}

export class SpreadCells implements AggregateCells {
  readonly #field: string
  readonly #isSample: boolean
  readonly #isRoot: boolean
  #counts = new Float64Array(0)
  /** The first number of a cell: everything else is of differences from it, which are small and mostly exact. */
  #origins = new Float64Array(0)
  #means = new Float64Array(0)
  #squares = new Float64Array(0)

  constructor({ field, kind = 'sample' }: SpreadOptions, name: 'variance' | 'stddev') {
    this.#field = field
    this.#isSample = isSample(kind, name)
    this.#isRoot = name === 'stddev'
  }

  grow(cells: number): void {
    this.#counts = grown(this.#counts, cells)
    this.#origins = grown(this.#origins, cells)
    this.#means = grown(this.#means, cells)
    this.#squares = grown(this.#squares, cells)
  }

  reset(cell: number): void {
    this.#counts[cell] = this.#origins[cell] = this.#means[cell] = this.#squares[cell] = 0
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    const { values, nulls } = checkedNumbers(page, this.#field)
    const [counts, origins, means, squares] = [this.#counts, this.#origins, this.#means, this.#squares]
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number
      if (nulls !== undefined && nulls[row] === 1) continue
      const cell = cells[i] as number
      const size = ((counts[cell] as number) += 1)
      if (size === 1) origins[cell] = values[row] as number
      const value = (values[row] as number) - (origins[cell] as number)
      const away = value - (means[cell] as number)
      const mean = ((means[cell] as number) += away / size)
      squares[cell] = (squares[cell] as number) + away * (value - mean)
    }
  }

  merge(into: number, from: number): void {
    const [left, right] = [this.#counts[into] as number, this.#counts[from] as number]
    if (right === 0) return
    if (left === 0) this.#origins[into] = this.#origins[from] as number
    const size = left + right
    const apart = (this.#origins[from] as number) - (this.#origins[into] as number)
    const away = apart + ((this.#means[from] as number) - (this.#means[into] as number))
    this.#counts[into] = size
    this.#means[into] = (this.#means[into] as number) + (away * right) / size
    this.#squares[into] = (this.#squares[into] as number) + (this.#squares[from] as number) + (away * away * left * right) / size
  }

  result(cell: number): number | null {
    const below = (this.#counts[cell] as number) - (this.#isSample ? 1 : 0)
    if (below <= 0) return null
    const variance = (this.#squares[cell] as number) / below
    return Number.isFinite(variance) ? (this.#isRoot ? Math.sqrt(variance) : variance) : null
  }

  save(cell: number, writer: ByteWriter): void {
    writer.number(this.#counts[cell] as number)
    writer.number(this.#origins[cell] as number)
    writer.number(this.#means[cell] as number)
    writer.number(this.#squares[cell] as number)
  }

  load(cell: number, reader: ByteReader): void {
    this.#counts[cell] = reader.number()
    this.#origins[cell] = reader.number()
    this.#means[cell] = reader.number()
    this.#squares[cell] = reader.number()
  }
}
