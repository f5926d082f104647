/** A topology of the tests that makes its own rows. */
import { pageOf } from '../../../operators/page.ts'
import { topology } from '../../../topology/pipeline.ts'

interface Squared {
  readonly n: number
  readonly square: number
}

export function squares({ last }: { last: number }): { next(rows: number, fromRow: number): ReturnType<typeof pageOf> | null } {
  return {
    next(rows, fromRow) {
      const made = Array.from({ length: Math.min(rows, last - fromRow) }, (_, i) => ({ n: fromRow + i, square: (fromRow + i) ** 2 }))
      return made.length === 0 ? null : pageOf(made, { order: Float64Array.from(made, ({ n }) => n) })
    },
  }
}

export default topology('generated', { version: 1 })
  .generate<Squared>('./generated.ts#squares', { last: 5000 })
  .projection({ id: 'rows', name: 'squares', key: ['n'], value: ['square'] })
export const unmade = topology('unmade', { version: 1 })
  .generate<Squared>('./generated.ts#absent')
  .projection({ id: 'rows', name: 'unmade', key: ['n'], value: ['square'] })
