/** Rows that a step could not work on: their order, the pages in which others take them, and the words for what went wrong. */
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

/** They leave as they came, with why they do. */
export function deadPages(step: string, rows: readonly GivenUp[]): Page[] {
  const sorted = rows.toSorted(compareGivenUp)
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

/** Rows of one order by their places, where they came together. */
export function compareGivenUp(a: GivenUp, b: GivenUp): number {
  return (a.page.order[a.row] as number) - (b.page.order[b.row] as number) || (a.page === b.page ? a.row - b.row : 0)
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
