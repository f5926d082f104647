/** Makes a loop over the rows of a page out of a checked tree, for columns that lie in a certain way. */
import type { TextDictionary } from '../../columns.ts'
import type { Node } from '../tree.ts'
import type { ValueType } from '../types.ts'
import { boxed, Code, isNumeric, type Slot } from './code.ts'
import { type Elsewhere, Emitter } from './emitter.ts'
import { DictionaryMemo, hasWork, memoFormOf, usesOf } from './memo.ts'
import type { Layout, Reader } from './reading.ts'

/** What the loop is given for a page. */
export interface Work {
  /** Three arrays a column, in the order of the reads. */
  readonly arrays: readonly unknown[]
  /** Rows alive; all up to `count` when left out. */
  readonly rows: Int32Array | undefined
  /** How many rows are alive. */
  readonly count: number
  /** Where results go; by index of the page's row. */
  readonly out: Float64Array | Int32Array | Uint8Array | unknown[]
  /** Gives codes to results that are texts. */
  readonly texts: TextDictionary
  readonly fail: (row: number, error: unknown) => void
}

/** How results are laid out. `rows`: the loop writes the rows for which a condition holds, and gives their number. */
export type OutForm = 'number' | 'boolean' | 'text' | 'codes' | 'value' | 'rows'

export interface Program {
  readonly form: OutForm
  /** Gives the nulls of numbers, if there are any, or the number of rows kept. */
  readonly run: (work: Work) => Uint8Array | number | null
  /** The dictionary of the last page's results, of the form `codes`. */
  readonly texts: () => readonly string[]
}

export interface Plan {
  readonly reads: readonly string[]
  readonly layouts: readonly Layout[]
  readonly isSelected: boolean
  /** Only the rows are wanted for which it is true. */
  readonly isCondition: boolean
}

export function programOf(tree: Node, plan: Plan): Program {
  const code = new Code()
  const memos: DictionaryMemo[] = []
  const readers = new Map(plan.reads.map((name, index) => [name, { index, layout: plan.layouts[index] as Layout }]))
  const elsewhere = remembered(tree, readers, memos)
  const emitter = new Emitter(code, readers, elsewhere)
  const { result: slot, lines } = code.apart(() => emitter.emit(tree))
  const isRoot = memos[0]?.form === 'codes' && memos.length === 1 && slot.code.startsWith('w')
  const form: OutForm = plan.isCondition ? 'rows' : isRoot ? 'codes' : formOf(tree.type)
  const source = [
    ...code.constants.map((_, index) => `const k${index} = K[${index}]`),
    ...memos.map((_, index) => `const m${index} = M[${index}]`),
    'return function run(work) {',
    'const { arrays, rows, count, out, texts, fail } = work',
    ...plan.reads.map(
      (_, index) => `const c${index} = arrays[${3 * index}], d${index} = arrays[${3 * index + 1}], e${index} = arrays[${3 * index + 2}]`,
    ),
    ...memos.map((_, index) => `const s${index} = m${index}.states, w${index} = m${index}.values`),
    'let nulls = null, kept = 0, i = 0',
    'for (;;) {',
    'try {',
    'for (; i < count; i++) {',
    `const row = ${plan.isSelected ? 'rows[i]' : 'i'}`,
    ...lines,
    sink(slot, form),
    '}',
    'break',
    `} catch (error) { fail(${plan.isSelected ? 'rows[i]' : 'i'}, error); i++ }`,
    '}',
    `return ${form === 'rows' ? 'kept' : 'nulls'}`,
    '}',
  ].join('\n')
  const loop = made(source, code.constants, memos) as (work: Work) => Uint8Array | number | null
  const columns = memos.map((_, index) => memoColumns.get(memos[index] as DictionaryMemo) as number)
  return {
    form,
    run(work) {
      for (let index = 0; index < memos.length; index++)
        memos[index]?.prepare(work.arrays[3 * (columns[index] as number) + 1] as readonly string[])
      return loop(work)
    },
    texts: () => (memos[0] as DictionaryMemo).texts,
  }
}

/** Which column the texts of a memo come from. */
const memoColumns = new WeakMap<DictionaryMemo, number>()

function made(source: string, constants: readonly unknown[], memos: readonly DictionaryMemo[]): unknown {
  // The source holds only words of this folder and names it made; see code.ts.
  // oxlint-disable-next-line typescript/no-implied-eval -- this is how a checked tree becomes a loop
  const factory = new Function('K', 'M', `'use strict'\n${source}`) as (
    constants: readonly unknown[],
    memos: readonly DictionaryMemo[],
  ) => unknown
  return factory(constants, memos)
}

function formOf(type: ValueType): OutForm {
  return isNumeric(type) ? 'number' : type === 'boolean' ? 'boolean' : type === 'text' ? 'text' : 'value'
}

/** Writes the result of a row where it belongs. */
function sink({ code, isNull }: Slot, form: OutForm): string {
  switch (form) {
    case 'number': {
      const write = `out[row] = ${code}`
      if (isNull === 'false') return write
      return `if (${isNull}) { if (nulls === null) nulls = new Uint8Array(out.length); nulls[row] = 1; out[row] = NaN } else ${write}`
    }
    case 'boolean':
      return `out[row] = ${code} ? 1 : ${isNull === 'false' ? '0' : `${isNull} ? 2 : 0`}`
    case 'text':
      return `out[row] = ${code} === null ? -1 : texts.codeOf(${code})`
    case 'codes':
    case 'value':
      return `out[row] = ${code}`
    case 'rows':
      return `if (${code}) out[kept++] = row`
  }
}

/** Parts that depend on one text column become look-ups. */
function remembered(tree: Node, readers: ReadonlyMap<string, Reader>, memos: DictionaryMemo[]): Elsewhere {
  const uses = usesOf(tree)
  return (node, { code }) => {
    const { column, isMany, outer } = uses.get(node) ?? { column: undefined, isMany: true, outer: new Set() }
    if (column === undefined || isMany || outer.size > 0 || !hasWork(node)) return undefined
    const reader = readers.get(column) as Reader
    if (reader.layout !== 'text') return undefined
    const memo = new DictionaryMemo(memoFormOf(node.type, node === tree), textFunctionOf(node, column))
    memoColumns.set(memo, reader.index)
    const index = memos.push(memo) - 1
    const place = code.named(`c${reader.index}[row] + 1`)
    const state = code.fresh('q')
    code.risky(`let ${state} = s${index}[${place}]; if (${DictionaryMemo.isOpen(state)}) ${state} = m${index}.fill(${place})`)
    const isNull = DictionaryMemo.isNull(state)
    if (memo.form === 'boolean') return { code: DictionaryMemo.isYes(state), isNull }
    return { code: `w${index}[${place}]`, isNull, ...(memo.form === 'number' && { isNaN: true as const }) }
  }
}

/** The function of one text that a part of the tree is. */
function textFunctionOf(node: Node, column: string): (text: string | null) => unknown {
  const code = new Code()
  const emitter = new Emitter(code, new Map([[column, { index: 0, layout: 'given' }]]), () => undefined)
  const { result, lines } = code.apart(() => emitter.emit(node))
  const source = [
    ...code.constants.map((_, index) => `const k${index} = K[${index}]`),
    'return function compute(given) {',
    ...lines,
    `return ${boxed(result, node.type)}`,
    '}',
  ].join('\n')
  return made(source, code.constants, []) as (text: string | null) => unknown
}
