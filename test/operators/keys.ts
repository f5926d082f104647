/** Sends one page with a key through a step: what became of it. */
import { Subject } from 'rxjs'
import { anyRow } from '../../operators/expressions/types.ts'
import type { Flow, Page, Row } from '../../operators/flow.ts'
import type { AnyOperator, StepContext } from '../../operators/operator.ts'
import { pageOf } from '../../operators/page.ts'

/** The pages that leave, and the reasons for which rows were given up. */
export async function sendPage(
  operator: AnyOperator,
  options: object,
  page: Page,
): Promise<{ readonly pages: readonly Page[]; readonly reasons: readonly string[] }> {
  const [pages, reasons]: [Page[], string[]] = [[], []]
  const context: Partial<StepContext> = {
    step: 'step',
    module: import.meta.url,
    row: anyRow,
    beforeCall: () => {},
    dead: (_, __, error) => void reasons.push((error as Error).message),
  }
  const subject = new Subject<Flow>()
  const step = await operator.create(options as never, context as StepContext)
  subject.pipe(step).subscribe(flow => void (flow.kind === 'page' && pages.push(flow)))
  subject.next(page)
  return { pages, reasons }
}

export function pageOfRows(rows: readonly Row[], key?: readonly string[]): Page {
  return pageOf(rows, { order: Float64Array.from(rows.keys()), ...(key && { key }) })
}

/** The key of the page that leaves. */
export async function keyOf(operator: AnyOperator, options: object, key: readonly string[]): Promise<readonly string[] | undefined> {
  const { pages } = await sendPage(operator, options, pageOfRows([{ a: 'x', b: 1 }], key))
  return pages[0]?.key
}
