/** Makes an RxJS operator out of the idea: what to do with a page. Control goes on by itself, always behind the data. */
import { Observable, type OperatorFunction } from 'rxjs'
import type { Flow, Moves, Page, Row, Tick, Watermark } from './flow.ts'
import type { StepContext } from './operator.ts'
import { aliveRows, rowReader } from './page.ts'

export type Emit = (flow: Flow) => void

/** What a step does at each kind of flow; what it leaves out is passed on untouched. */
export interface Steps {
  page(page: Page, emit: Emit): void
  /** The step makes watermarks itself; those from before it speak of another time and end here. */
  readonly ownsTime?: true
  /** Of a step that owns time: its input has become idle, at the row of this order. */
  idle?(order: number, emit: Emit): void
  /** How the watermark will move with the pages behind. */
  moves?(moves: Moves): void
  /** Before the watermark goes on: windows close here. */
  watermark?(watermark: Watermark, emit: Emit): void
  /** Before the tick goes on: what was due by the clock leaves here. */
  tick?(tick: Tick, emit: Emit): void
  /** Before the barrier goes on: dirty state is written here. */
  barrier?(epoch: number, emit: Emit): void
  /** Before the end goes on: everything still open closes here. */
  end?(emit: Emit, order: number | undefined): void
}

/** An operator of pages. A failure of the step itself (not of a user's function) breaks the pipeline and is reported to its owner. */
export function onPage(steps: Steps | Steps['page']): OperatorFunction<Flow, Flow> {
  const handlers = typeof steps === 'function' ? { page: steps } : steps
  return source =>
    new Observable<Flow>(out => {
      const emit: Emit = flow => out.next(flow)
      return source.subscribe({
        next: flow => {
          try {
            handle(handlers, flow, emit)
          } catch (error) {
            out.error(error)
          }
        },
        error: error => out.error(error),
        complete: () => out.complete(),
      })
    })
}

function handle(steps: Steps, flow: Flow, emit: Emit): void {
  if (flow.kind === 'page') return steps.page(flow, emit)
  if (flow.kind === 'moves') {
    if (steps.ownsTime) return flow.isIdle && steps.idle?.(flow.order.at(-1) as number, emit)
    steps.moves?.(flow)
  } else if (flow.kind === 'watermark') {
    if (steps.ownsTime) return
    steps.watermark?.(flow, emit)
  } else if (flow.kind === 'tick') steps.tick?.(flow, emit)
  else if (flow.kind === 'barrier') steps.barrier?.(flow.epoch, emit)
  else steps.end?.(emit, flow.order)
  emit(flow)
}

/** Calls `visit` with the object of every row alive; a row whose call throws is given up and the rows after it go on. */
export function eachRow(
  page: Page,
  fields: readonly string[] | undefined,
  context: StepContext,
  visit: (row: Row, index: number) => void,
): void {
  const rows = aliveRows(page)
  const read = rowReader(page, fields)
  for (let i = 0; i < rows.length; i++) {
    const index = rows[i] as number
    context.beforeCall(page.order[index] as number)
    try {
      visit(read(index), index)
    } catch (error) {
      context.dead(page, index, error)
    }
  }
}
