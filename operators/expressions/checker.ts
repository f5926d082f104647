/** What the check of an expression knows while it goes through the tree, and how a node is made to fit the type its place demands. */
import { castOf } from './casts.ts'
import { elementOf, isArrayType } from './compare.ts'
import { fault, type Span } from './fault.ts'
import type { Syntax } from './syntax.ts'
import type { Call, Constant, Node } from './tree.ts'
import type { RowType, ValueType } from './types.ts'

/** A node with what it was made from, for messages. */
export interface Given {
  readonly node: Node
  readonly syntax: Syntax
}

export class Checker {
  readonly text: string
  readonly row: RowType
  readonly reads = new Set<string>()
  readonly #check: (syntax: Syntax, checker: Checker) => Node
  #slots = 0

  constructor(text: string, row: RowType, check: (syntax: Syntax, checker: Checker) => Node) {
    this.text = text
    this.row = row
    this.#check = check
  }

  check(syntax: Syntax): Given {
    return { node: this.#check(syntax, this), syntax }
  }

  slot(): number {
    return this.#slots++
  }

  fail(span: Span, sentence: string): never {
    throw fault(this.text, span, sentence)
  }

  /** At a place in a text as it was written; quotes inside of it are written twice. */
  failInText({ span }: Syntax, at: number, sentence: string): never {
    const { offset, length } = span
    const written = this.text.slice(offset, offset + length)
    if (!written.startsWith("'")) this.fail(span, sentence)
    let place = 1
    for (let passed = 0; passed < at && place < length - 2; passed++) place += written[place] === "'" ? 2 : 1
    return this.fail({ offset: offset + place, length: 1 }, sentence)
  }

  /** The part of the text, short enough for a message. */
  quote({ offset, length }: Span): string {
    const part = this.text.slice(offset, offset + length)
    return part.length > 40 ? `${part.slice(0, 40)}…` : part
  }

  /** The node as a value of the type, or the error that it is none. */
  fit(given: Given, type: ValueType, what?: string): Node {
    const { node, syntax } = given
    if (node.type === type || type === 'any') return node
    if (isNull(node)) return { kind: 'constant', type, value: null }
    if (node.kind === 'constant' && node.isLiteral === true) return this.literal(given, type)
    if (node.type === 'integer' && type === 'number') return node
    if (node.type === 'any') return { kind: 'demand', type, of: node, label: this.label(syntax) }
    if (type === 'json[]' && isArrayType(node.type)) return node
    return this.fail(
      syntax.span,
      `${what ?? `${typeWord(type)} is expected here`}, but ${this.quote(syntax.span)} is ${typeWord(node.type)}${cure(node.type, type)}`,
    )
  }

  /** What messages call a value. */
  label(syntax: Syntax): string {
    if (syntax.kind === 'column') return syntax.name
    return syntax.kind === 'field' ? `${this.label(syntax.of)}.${syntax.key}` : this.quote(syntax.span)
  }

  /** A text as it was written, as a value of another type. */
  literal({ node, syntax }: Given, type: ValueType): Constant {
    const { value } = node as Constant
    if (type === 'text' || type === 'any') return { kind: 'constant', type: 'text', value }
    try {
      const cast = castOf('text', type) as (value: unknown, label: string) => unknown
      return { kind: 'constant', type, value: cast(value, '') }
    } catch (error) {
      return this.fail(syntax.span, (error as Error).message)
    }
  }

  /** The type that all can be, for the branches of `case` and the like; undefined when there is none. */
  shared(givens: readonly Given[]): ValueType | undefined {
    const nodes = givens.map(({ node }) => node).filter(node => !isNull(node))
    const firm = nodes.filter(node => !(node.kind === 'constant' && node.isLiteral === true))
    if (firm.length === 0) return nodes.length === 0 ? 'any' : 'text'
    const declared = firm.filter(node => node.type !== 'any').map(node => node.type)
    const [first] = declared
    if (first === undefined) return firm.length < nodes.length ? 'text' : 'any'
    // What nobody declared may be any number, so a whole one beside it says nothing more.
    const isLoose = declared.length < firm.length
    const types = new Set(declared.map(type => (isLoose && type === 'integer' ? 'number' : type)))
    if (types.size === 1) return [...types][0]
    return types.size === 2 && types.has('integer') && types.has('number') ? 'number' : undefined
  }

  /** All as values of one type; `what` says what they are, for the message. */
  unified(givens: readonly Given[], what: string): { readonly type: ValueType; readonly nodes: readonly Node[] } {
    const type = this.shared(givens)
    if (type !== undefined) return { type, nodes: givens.map(given => this.fit(given, type)) }
    const one = givens.find(({ node }) => node.type !== 'any' && !isNull(node) && !isLiteral(node)) as Given
    const two = givens.find(given => !isLiteral(given.node) && this.shared([one, given]) === undefined) as Given
    // Something has to be taken out of json, whatever stands beside it.
    const [first, other] = one.node.type === 'json' ? [two, one] : [one, two]
    const types = [one, two].map(({ node, syntax }) => `${this.quote(syntax.span)} is ${typeWord(node.type)}`).join(' and ')
    return this.fail(other.syntax.span, `${what}: ${types}${cure(other.node.type, first.node.type)}`)
  }
}

export function isNull(node: Node): boolean {
  return node.kind === 'constant' && node.value === null
}

export function isLiteral(node: Node): boolean {
  return node.kind === 'constant' && node.isLiteral === true
}

export function call(name: string, type: ValueType, run: Call['run'], args: readonly Node[]): Call {
  return { kind: 'call', name, type, run, args, takesNulls: false, mayBeNull: false }
}

const words: Readonly<Record<string, string>> = {
  boolean: 'a boolean',
  integer: 'an integer',
  number: 'a number',
  text: 'a text',
  timestamp: 'a timestamp',
  interval: 'an interval',
  json: 'json',
  any: 'any value',
}

/** A type in a sentence. */
export function typeWord(type: ValueType): string {
  return isArrayType(type) ? `an array of ${elementOf(type)}` : (words[type] as string)
}

/** How a value of one type is made one of the other, if it can. */
function cure(from: ValueType, to: ValueType): string {
  if (from === 'json')
    return to === 'text'
      ? '; take it out with ->>'
      : castOf(from, to) === undefined
        ? ''
        : `; take it out with ->> and cast it with ::${to}`
  if (from === 'number' && to === 'boolean') return '; compare it with something'
  return castOf(from, to) === undefined || to === 'any' ? '' : `; cast it with ::${to}`
}
