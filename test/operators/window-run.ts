/** Runs operators one behind another over flows as they are, so that watermarks and stamps can be looked at, and their state. */
import { Subject } from 'rxjs'
import { anyRow } from '../../operators/expressions/types.ts'
import type { Flow, Row } from '../../operators/flow.ts'
import type { AnyOperator, ExampleFlow, StepContext } from '../../operators/operator.ts'
import { aliveRows, rowsOf } from '../../operators/page.ts'
import { flowsOf, MemoryState } from '../contract/operator-run.ts'

export interface ChainStep {
  readonly operator: AnyOperator
  readonly options: Readonly<Record<string, unknown>>
  /** Kept from one run to the next when it is given. */
  readonly state?: MemoryState
}

export interface ChainRun {
  readonly input: readonly ExampleFlow[]
  readonly pageRows?: number
  readonly key?: readonly string[]
}

/** What leaves by `main` of the last step; rows that leave by other ports on the way are counted in `others`, by `step.port`. */
export async function runChain(steps: readonly ChainStep[], { input, pageRows = 4096, key }: ChainRun): Promise<Chained> {
  const flows: Flow[] = []
  const others: Record<string, number> = {}
  const first = new Subject<Flow>()
  let end: Subject<Flow> = first
  let failure: { readonly error: unknown } | undefined
  for (const [at, { operator, options, state = new MemoryState() }] of steps.entries()) {
    const context = {
      step: 's',
      module: '',
      row: anyRow,
      state,
      beforeCall: () => {},
      dead: () => void (others[`${at}.dead`] = (others[`${at}.dead`] ?? 0) + 1),
    } as unknown as StepContext
    const next = new Subject<Flow>()
    end.pipe(await operator.create(options as never, context)).subscribe({
      next(flow) {
        if (flow.kind === 'page' && flow.port !== 'main')
          others[`${at}.${flow.port}`] = (others[`${at}.${flow.port}`] ?? 0) + aliveRows(flow).length
        else next.next(flow)
      },
      error: (error: unknown) => (failure ??= { error }),
    })
    end = next
  }
  end.subscribe(flow => flows.push(flow))
  for (const flow of timed(flowsOf({ input, pageRows, ...(key && { key }) }))) {
    first.next(flow)
    if (failure !== undefined) throw failure.error
  }
  return { flows, others, rows: flows.flatMap(flow => (flow.kind === 'page' ? rowsOf(flow) : [])) }
}

/** As `eventTime` sends them: before each page stands how the watermark moves with it, and behind it where it has come to, also before barriers. */
function timed(flows: readonly Flow[]): Flow[] {
  const pages = flows.filter(flow => flow.kind === 'page')
  return flows.flatMap((flow, at): Flow[] => {
    if (flow.kind !== 'page' || flow.watermark === undefined) return [flow]
    const { order, watermark: before } = flow
    const next = pages[pages.indexOf(flow) + 1]?.watermark?.[0]
    const time = next ?? before.at(-1) ?? -Infinity
    const isFollowed = next === undefined || flows[at + 1]?.kind === 'watermark'
    return [{ kind: 'moves', order, before, time }, flow, ...(isFollowed ? [] : [{ kind: 'watermark', time } as const])]
  })
}

export interface Chained {
  readonly flows: readonly Flow[]
  readonly others: Readonly<Record<string, number>>
  readonly rows: readonly Row[]
}

/** What is wrong with the stamps and watermarks of flows: each must be below everything that follows; nothing when all is well. */
export function brokenPromises(flows: readonly Flow[]): string[] {
  const broken: string[] = []
  let [watermark, stamp] = [-Infinity, -Infinity]
  for (const flow of flows) {
    if (flow.kind === 'watermark' && flow.time !== 'idle') watermark = Math.max(watermark, flow.time)
    if (flow.kind !== 'page') continue
    for (const row of aliveRows(flow)) {
      const [time, own] = [flow.eventTime?.[row] as number, flow.watermark?.[row] as number]
      if (time < watermark) broken.push(`a row of ${time} behind the watermark ${watermark}`)
      if (own < stamp) broken.push(`the stamp fell from ${stamp} to ${own}`)
      stamp = Math.max(stamp, own)
      if (time < stamp) broken.push(`a row of ${time} though one stamped ${stamp} had left`)
    }
  }
  return broken
}
