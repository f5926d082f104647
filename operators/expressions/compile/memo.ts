/** Parts of an expression that depend on one text column alone are computed once for each text of its dictionary, when a row first has it. */
import { TextDictionary } from '../../columns.ts'
import { type Node, partsOf } from '../tree.ts'
import type { ValueType } from '../types.ts'
import { isNumeric } from './code.ts'

/** How an entry stands; `no` is also any value that is not a boolean. */
const unknown = 0
const no = 1
const isNull = 2
const failed = 3
const yes = 4

/** What is known for the texts of one dictionary; entry 0 is null, and entry n + 1 the text of code n. */
interface Known {
  states: Uint8Array
  values: unknown[]
  /** Where results that are texts get their codes. */
  readonly texts: TextDictionary
}

export type MemoForm = 'boolean' | 'number' | 'reference' | 'codes'

export function memoFormOf(type: ValueType, isRoot: boolean): MemoForm {
  if (type === 'boolean') return 'boolean'
  return isNumeric(type) ? 'number' : isRoot && type === 'text' ? 'codes' : 'reference'
}

export class DictionaryMemo {
  readonly form: MemoForm
  readonly #compute: (text: string | null) => unknown
  /** Dictionaries are shared by many pages; with one goes what is known of it. */
  readonly #known = new WeakMap<readonly string[], Known>()
  #dictionary: readonly string[] = []
  #current: Known = { states: new Uint8Array(0), values: [], texts: new TextDictionary() }

  constructor(form: MemoForm, compute: (text: string | null) => unknown) {
    this.form = form
    this.#compute = compute
  }

  /** Makes room for a dictionary, which may have grown since the last page. */
  prepare(dictionary: readonly string[]): void {
    if (dictionary !== this.#dictionary) {
      this.#dictionary = dictionary
      const known = this.#known.get(dictionary)
      this.#current = known ?? { states: new Uint8Array(0), values: this.#room(0), texts: new TextDictionary() }
      if (known === undefined) this.#known.set(dictionary, this.#current)
    }
    const { states, values } = this.#current
    if (states.length > dictionary.length) return
    const size = Math.max(dictionary.length + 1, Math.min(2 * states.length, 65_537))
    this.#current.states = new Uint8Array(size)
    this.#current.states.set(states)
    const larger = this.#room(size)
    for (let place = 0; place < values.length; place++) larger[place] = values[place]
    this.#current.values = larger
  }

  get states(): Uint8Array {
    return this.#current.states
  }

  get values(): Known['values'] {
    return this.#current.values
  }

  get texts(): readonly string[] {
    return this.#current.texts.texts
  }

  /** Numbers and codes lie in arrays of their own kind, which hold nothing else. */
  #room(size: number): unknown[] {
    if (this.form === 'number') return new Float64Array(size) as unknown as unknown[]
    if (this.form === 'codes') return new Int32Array(size) as unknown as unknown[]
    return new Array<unknown>(size).fill(null)
  }

  /** Computes an entry and says how it stands; throws what makes rows with this text dead letters, each time. */
  fill(place: number): number {
    const { states, values, texts } = this.#current
    states[place] = failed
    const value = this.#compute(place === 0 ? null : (this.#dictionary[place - 1] as string))
    const state = value === null ? isNull : value === true ? yes : no
    if (this.form === 'codes') values[place] = value === null ? -1 : texts.codeOf(value as string)
    else if (this.form !== 'boolean') values[place] = value === null && this.form === 'number' ? NaN : value
    return (states[place] = state)
  }

  /** The test in generated code that an entry must still be computed. */
  static isOpen(state: string): string {
    return `(${state} === ${unknown} || ${state} === ${failed})`
  }

  static isYes(state: string): string {
    return `(${state} === ${yes})`
  }

  static isNull(state: string): string {
    return `(${state} === ${isNull})`
  }
}

/** Of which columns and outer names a part of the tree makes use. */
export interface Uses {
  /** The only column; none, or more than one, when undefined. */
  readonly column: string | undefined
  readonly isMany: boolean
  readonly outer: ReadonlySet<number>
}

const none: ReadonlySet<number> = new Set()

/** The uses of all parts of a tree. */
export function usesOf(root: Node): ReadonlyMap<Node, Uses> {
  const uses = new Map<Node, Uses>()
  const visit = (node: Node): Uses => {
    const parts = partsOf(node).map(visit)
    const columns = new Set(parts.flatMap(part => (part.column === undefined ? [] : [part.column])))
    if (node.kind === 'column') columns.add(node.name)
    const isMany = columns.size > 1 || parts.some(part => part.isMany)
    const outer = outerOf(node, parts)
    const own = { column: isMany ? undefined : [...columns][0], isMany, outer }
    uses.set(node, own)
    return own
  }
  visit(root)
  return uses
}

function outerOf(node: Node, parts: readonly Uses[]): ReadonlySet<number> {
  if (node.kind === 'ref') return new Set([node.slot])
  const open = parts.filter(part => part.outer.size > 0)
  if (open.length === 0) return none
  const outer = new Set(open.flatMap(part => [...part.outer]))
  if (node.kind === 'let') outer.delete(node.slot)
  return outer
}

/** Whether it pays to remember: reading a text, or looking whether there is one, is quicker than to look it up. */
export function hasWork(node: Node): boolean {
  if (node.kind === 'constant' || node.kind === 'column' || node.kind === 'ref') return false
  const isReading = node.kind === 'demand' && (node.type === 'text' || node.type === 'json')
  return !((isReading || node.kind === 'isNull') && !hasWork(node.of))
}
