/** The way of pages and control through a join. */
import type { OperatorFunction } from 'rxjs'
import type { Flow, Moves, Page } from '../flow.ts'
import { onPage } from '../lift.ts'
import { endOf } from '../windows/window-order.ts'
import type { Send } from './join-sides.ts'

export interface Join {
  /** Takes the rows of a page; answers the page of those that came too late. */
  add(page: Page, send: Send): Page | undefined
  expect(moves: Moves): void
  advance(time: number, send: Send): void
  save(): void
}

export function joinStep(join: Join): OperatorFunction<Flow, Flow> {
  return onPage({
    page(page, emit) {
      const late = join.add(page, emit)
      if (late !== undefined) emit(late)
    },
    moves: moves => join.expect(moves),
    watermark: ({ time }, emit) => time !== 'idle' && join.advance(time, emit),
    barrier: () => join.save(),
    end(emit, order) {
      if (order !== undefined) join.expect(endOf(order))
      join.advance(Infinity, emit)
    },
  })
}
