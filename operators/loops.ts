/** Runs a user's function over columns; when it throws, row by row, so that only the rows to blame are given up. */
import { EventStoreError } from '../event/error.ts'
import { TextDictionary } from './columns.ts'
import type { Column, Page } from './flow.ts'
import type { ColumnFunction, ColumnKind, Output } from './functions.ts'
import { booleansOf, numbersOf, textsOf } from './kinds.ts'
import type { StepContext } from './operator.ts'
import { aliveRows, columnNamed, gather, selectRows } from './page.ts'

/** What the function wrote, as columns beside the page's own, and the page without the rows given up. */
export interface Written {
  readonly columns: ReadonlyMap<string, Column>
  readonly page: Page
}

/** Calls the function once for the page. */
export function runLoop(loop: ColumnFunction, page: Page, context: StepContext): Written {
  const { input, fitting } = inputOf(loop, page, context)
  const output = new Map(Object.entries(loop.writes).map(([name, kind]) => [name, placeOf(kind, page.count)]))
  const rows = aliveRows(fitting)
  if (rows.length === 0) return { columns: columnsWritten(output), page: fitting }
  context.beforeCall(-1 - (fitting.order[rows[0] as number] as number))
  try {
    call(loop, input, output, fitting)
    return { columns: columnsWritten(output), page: fitting }
  } catch {
    return runByRow(loop, fitting, context)
  }
}

interface Place {
  readonly kind: ColumnKind
  readonly output: Output
  readonly dictionary?: TextDictionary
}

function call(loop: ColumnFunction, input: Record<string, Column>, output: Map<string, Place>, page: Page): void {
  const run = loop.run as (input: unknown, output: unknown, count: number, selection: Int32Array | undefined) => unknown
  const returned = run(input, Object.fromEntries(Array.from(output, ([name, place]) => [name, place.output])), page.count, page.selection)
  if (returned instanceof Promise)
    throw new EventStoreError('INVALID', 'a function over columns returned a promise; it must be synchronous')
}

function inputOf(loop: ColumnFunction, page: Page, context: StepContext): { input: Record<string, Column>; fitting: Page } {
  const input: Record<string, Column> = {}
  let fitting = page
  for (const [name, kind] of Object.entries(loop.reads)) {
    if (kind === 'any' || kind === 'value') {
      input[name] = columnNamed(page, name)
      continue
    }
    const demand = kind === 'number' ? numbersOf : kind === 'text' ? textsOf : booleansOf
    const fit = demand(fitting, name, context)
    input[name] = fit.column
    fitting = fit.page
  }
  return { input, fitting }
}

/** One page of one row each: slow, but only for pages with a row that throws. */
function runByRow(loop: ColumnFunction, page: Page, context: StepContext): Written {
  const output = new Map(Object.entries(loop.writes).map(([name, kind]) => [name, placeOf(kind, page.count)]))
  const rows = aliveRows(page)
  const good: number[] = []
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    const single = gather(page, rows.subarray(i, i + 1))
    const { input } = inputOf(loop, single, context)
    const own = new Map(Object.entries(loop.writes).map(([name, kind]) => [name, placeOf(kind, 1)]))
    context.beforeCall(page.order[row] as number)
    try {
      call(loop, input, own, single)
      for (const [name, place] of own) copyFirst(place, output.get(name) as Place, row)
      good.push(row)
    } catch (error) {
      context.dead(page, row, error)
    }
  }
  return { columns: columnsWritten(output), page: selectRows(page, Int32Array.from(good)) }
}

function placeOf(kind: ColumnKind, count: number): Place {
  switch (kind) {
    case 'number':
      return { kind, output: { values: new Float64Array(count), nulls: new Uint8Array(count) } }
    case 'boolean':
      return { kind, output: { values: new Uint8Array(count) } }
    case 'value':
      return { kind, output: { values: new Array<unknown>(count).fill(null) } }
    case 'text': {
      const dictionary = new TextDictionary()
      return { kind, dictionary, output: { codes: new Int32Array(count).fill(-1), codeOf: (text: string) => dictionary.codeOf(text) } }
    }
  }
}

function copyFirst(from: Place, to: Place, row: number): void {
  if (from.dictionary !== undefined && to.dictionary !== undefined) {
    const code = (from.output as Output<'text'>).codes[0] as number
    const codes = (to.output as Output<'text'>).codes
    codes[row] = code < 0 ? -1 : to.dictionary.codeOf(from.dictionary.texts[code] as string)
    return
  }
  const values = (to.output as Output<'value'>).values
  values[row] = (from.output as Output<'value'>).values[0]
  if (to.kind === 'number') (to.output as Output<'number'>).nulls[row] = (from.output as Output<'number'>).nulls[0] as number
}

function columnsWritten(output: Map<string, Place>): Map<string, Column> {
  return new Map(Array.from(output, ([name, place]) => [name, columnWritten(place)]))
}

function columnWritten(place: Place): Column {
  if (place.dictionary !== undefined)
    return { kind: 'text', codes: (place.output as Output<'text'>).codes, dictionary: place.dictionary.texts }
  if (place.kind === 'boolean') return { kind: 'boolean', values: (place.output as Output<'boolean'>).values }
  if (place.kind === 'value') return { kind: 'value', values: (place.output as Output<'value'>).values }
  const { values, nulls } = place.output as Output<'number'>
  return nulls.includes(1) ? { kind: 'number', values, nulls } : { kind: 'number', values }
}
