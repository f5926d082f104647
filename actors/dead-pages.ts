/** Rows that a step gave up, as pages for those who catch them. */
import { EventStoreError } from '../event/error.ts'
import { textColumn } from '../operators/columns.ts'
import type { Page } from '../operators/flow.ts'
import { gather, withColumns } from '../operators/page.ts'
import { causeLengthMax } from './dead-letter.ts'

/** A row as it came to the step that could not work on it. */
export interface GivenUp {
  readonly page: Page
  readonly row: number
  readonly error: unknown
}

/** By the pages in which they came, in the order of the rows. */
export function deadPages(step: string, rows: readonly GivenUp[]): Page[] {
  const sorted = rows.toSorted((a, b) => orderOf(a) - orderOf(b))
  const pages: Page[] = []
  for (let start = 0; start < sorted.length;) {
    const { page } = sorted[start] as GivenUp
    let end = start + 1
    while (sorted[end]?.page === page) end++
    pages.push(deadPage(step, page, sorted.slice(start, end)))
    start = end
  }
  return pages
}

function orderOf({ page, row }: GivenUp): number {
  return page.order[row] as number
}

function deadPage(step: string, page: Page, rows: readonly GivenUp[]): Page {
  const causes = rows.map(({ error }) => causeOf(error))
  const gathered = gather(
    page,
    Int32Array.from(rows, ({ row }) => row),
  )
  const columns = [
    ['error', textColumn(causes.map(({ cause }) => cause))],
    ['errorCode', textColumn(causes.map(({ code }) => code ?? null))],
    ['errorStep', textColumn(causes.map(() => step))],
  ] as const
  return { ...withColumns(gathered, columns), port: 'dead' }
}

/** Users throw anything, and some of it can not be shown. */
export function causeOf(error: unknown): { readonly cause: string; readonly code?: string } {
  try {
    if (error instanceof EventStoreError) return { cause: shortened(error.message), code: error.code }
    return { cause: shortened(error instanceof Error ? `${error.name}: ${error.message}` : String(error)) }
  } catch {
    return { cause: 'something was thrown that can not be shown' }
  }
}

function shortened(cause: string): string {
  return cause.slice(0, causeLengthMax)
}
