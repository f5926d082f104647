/** Rows as fast as they can be made, and the topologies that send each of them out. */
import { numberColumn } from '../../operators/columns.ts'
import type { Column, Page } from '../../operators/flow.ts'
import { topology } from '../../topology/pipeline.ts'

interface TextRow {
  readonly number: number
  readonly text: string
}

/** `rows` rows with a text of `bytes` bytes, of which no two are equal. */
export function texts({ rows, bytes }: { rows: number; bytes: number }): { next(count: number, fromRow: number): Page | null } {
  const filler = 'x'.repeat(bytes)
  return {
    next(count, fromRow) {
      const made = Math.min(count, rows - fromRow)
      if (made <= 0) return null
      const numbers = Float64Array.from({ length: made }, (_, index) => fromRow + index)
      const values = Array.from(numbers, number => `${number} ${filler}`.slice(0, bytes))
      const columns = new Map<string, Column>([
        ['number', numberColumn(numbers)],
        ['text', { kind: 'value', values }],
      ])
      return { kind: 'page', port: 'main', input: 0, count: made, columns, order: numbers }
    },
  }
}

const { SLOW_SINK_ROWS: rows = '1', SLOW_SINK_BYTES: bytes = '1', SLOW_SINK_URL: url = 'http://localhost/' } = process.env
const made = { rows: Number(rows), bytes: Number(bytes) }

export const posting = topology('posting', { version: 1 })
  .generate<TextRow>('./rows.ts#texts', made)
  .webhook({ id: 'post', url, timeout: '1m' })

export const appending = topology('appending', { version: 1 })
  .generate<TextRow>('./rows.ts#texts', made)
  .append({ id: 'append', stream: 'texts', type: 'text' })
