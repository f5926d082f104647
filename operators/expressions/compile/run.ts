/** Runs an expression over pages: the loop for the way the columns lie is made when it is first needed, and kept. */
import { columnOf, nullColumn, TextDictionary } from '../../columns.ts'
import type { Column, Page } from '../../flow.ts'
import type { Fitting } from '../../kinds.ts'
import { aliveCount, aliveRows, selectRows } from '../../page.ts'
import type { Node } from '../tree.ts'
import { type Program, programOf } from './program.ts'
import { arraysOf, columnsOf, layoutLetters, layoutOf } from './reading.ts'

/** Ways to lie that are remembered; a column whose kind changes from page to page makes few. */
const programsMax = 64

export type Fail = (page: Page, row: number, error: unknown) => void

export class Compiled {
  readonly #tree: Node
  readonly #reads: readonly string[]
  readonly #isCondition: boolean
  readonly #programs = new Map<string, Program>()
  #texts = new TextDictionary()

  constructor(tree: Node, reads: readonly string[], isCondition: boolean) {
    this.#tree = tree
    this.#reads = reads
    this.#isCondition = isCondition
  }

  /** The values as a column. */
  column(page: Page, fail: Fail): Fitting<Column> {
    const same = this.#sameColumn(page)
    if (same !== undefined) return { column: same, page }
    const { columns, program } = this.#programFor(page)
    if (this.#texts.isFull) this.#texts = new TextDictionary()
    const out = roomFor(program, page)
    const { result, page: fitting } = this.#run(program, { page, columns, out, fail })
    return { column: this.#columnFrom(program, out, result as Uint8Array | null), page: fitting }
  }

  /** The page with the rows for which it is true. */
  keep(page: Page, fail: Fail): Page {
    const { columns, program } = this.#programFor(page)
    const out = new Int32Array(aliveCount(page))
    const { result } = this.#run(program, { page, columns, out, fail })
    return selectRows(page, out.subarray(0, result as number))
  }

  #programFor(page: Page): { columns: readonly (Column | undefined)[]; program: Program } {
    const columns = columnsOf(page, this.#reads)
    const layouts = columns.map(layoutOf)
    const isSelected = page.selection !== undefined
    const key = layouts.map(layout => layoutLetters[layout]).join('') + (isSelected ? '+' : '')
    let program = this.#programs.get(key)
    if (program === undefined) {
      program = programOf(this.#tree, { reads: this.#reads, layouts, isSelected, isCondition: this.#isCondition })
      if (this.#programs.size >= programsMax) this.#programs.clear()
      this.#programs.set(key, program)
    }
    return { columns, program }
  }

  #run(program: Program, { page, columns, out, fail }: Running): { result: Uint8Array | number | null; page: Page } {
    const failed: number[] = []
    const result = program.run({
      arrays: columns.flatMap(arraysOf),
      rows: page.selection,
      count: aliveCount(page),
      out,
      texts: this.#texts,
      fail: (row, error) => {
        failed.push(row)
        fail(page, row, error)
      },
    })
    if (failed.length === 0) return { result, page }
    const gone = new Set(failed)
    return {
      result,
      page: selectRows(
        page,
        aliveRows(page).filter(row => !gone.has(row)),
      ),
    }
  }

  #columnFrom(program: Program, out: unknown, nulls: Uint8Array | null): Column {
    switch (program.form) {
      case 'number':
        return nulls === null ? { kind: 'number', values: out as Float64Array } : { kind: 'number', values: out as Float64Array, nulls }
      case 'boolean':
        return { kind: 'boolean', values: out as Uint8Array }
      case 'text':
        return { kind: 'text', codes: out as Int32Array, dictionary: this.#texts.texts }
      case 'codes':
        return { kind: 'text', codes: out as Int32Array, dictionary: program.texts() }
      default:
        return this.#tree.type === 'any' ? columnOf(out as unknown[]) : { kind: 'value', values: out as unknown[] }
    }
  }

  /** A column that is taken as it is needs no loop. */
  #sameColumn(page: Page): Column | undefined {
    const node = this.#tree
    const read = node.kind === 'demand' ? node.of : node
    if (read.kind !== 'column') return undefined
    const column = page.columns.get(read.name) ?? nullColumn(page.count)
    if (node.type === 'any' || node.type === 'json') return column
    const { kind } = column
    const isSame = kind === 'slice' ? node.type === 'text' : kind === node.type
    return isSame ? column : undefined
  }
}

interface Running {
  readonly page: Page
  readonly columns: readonly (Column | undefined)[]
  readonly out: Float64Array | Int32Array | Uint8Array | unknown[]
  readonly fail: Fail
}

function roomFor(program: Program, { count, selection }: Page): Running['out'] {
  switch (program.form) {
    case 'number':
      return new Float64Array(count)
    case 'boolean':
      return new Uint8Array(count)
    case 'text':
    case 'codes':
      // Rows that are not alive must not point to texts that there may not be.
      return selection === undefined ? new Int32Array(count) : new Int32Array(count).fill(-1)
    default:
      return new Array<unknown>(count).fill(null)
  }
}
