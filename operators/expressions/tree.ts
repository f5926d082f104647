/** A checked expression as a tree: every node knows its type, and what may be null or fail is said by the kind of node. */
import type { ValueType } from './types.ts'

export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>='
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%'

interface Typed {
  readonly type: ValueType
}

/** A value; null has the type its place demands. `isLiteral`: a text as it was written, which may yet become another type. */
export interface Constant extends Typed {
  readonly kind: 'constant'
  readonly value: unknown
  readonly isLiteral?: true
}
/** What a row holds, whatever it is. */
export interface ColumnNode extends Typed {
  readonly kind: 'column'
  readonly name: string
}
/** The value if it is of the type; the row fails otherwise. `label` is what the message calls it. */
export interface Demand extends Typed {
  readonly kind: 'demand'
  readonly of: Node
  readonly label: string
}
export interface Field extends Typed {
  readonly kind: 'field'
  readonly of: Node
  readonly key: string
}
export interface Arithmetic extends Typed {
  readonly kind: 'arithmetic'
  readonly type: 'integer' | 'number'
  readonly operator: ArithmeticOperator
  readonly left: Node
  readonly right: Node
}
/** `by` is the type both sides have. */
export interface Compare extends Typed {
  readonly kind: 'compare'
  readonly operator: ComparisonOperator
  readonly by: ValueType
  readonly left: Node
  readonly right: Node
}
export interface Distinct extends Typed {
  readonly kind: 'distinct'
  readonly isNot: boolean
  readonly by: ValueType
  readonly left: Node
  readonly right: Node
}
export interface Logic extends Typed {
  readonly kind: 'logic'
  readonly operator: 'and' | 'or'
  readonly items: readonly Node[]
}
export interface Not extends Typed {
  readonly kind: 'not'
  readonly of: Node
}
export interface IsNull extends Typed {
  readonly kind: 'isNull'
  readonly isNot: boolean
  readonly of: Node
}
export interface IsTruth extends Typed {
  readonly kind: 'isTruth'
  readonly isNot: boolean
  readonly truth: boolean
  readonly of: Node
}
export interface Case extends Typed {
  readonly kind: 'case'
  readonly branches: readonly { readonly when: Node; readonly value: Node }[]
  readonly otherwise: Node
}
export interface Coalesce extends Typed {
  readonly kind: 'coalesce'
  readonly items: readonly Node[]
}
export interface Extreme extends Typed {
  readonly kind: 'extreme'
  readonly operator: 'greatest' | 'least'
  readonly items: readonly Node[]
}
export interface In extends Typed {
  readonly kind: 'in'
  readonly by: ValueType
  readonly of: Node
  readonly items: readonly Node[]
}
/** True when `test` holds for one element, or for all. */
export interface Quantified extends Typed {
  readonly kind: 'quantified'
  readonly isAll: boolean
  readonly test: (left: never, element: never) => boolean
  readonly left: Node
  readonly array: Node
}
export interface ArrayNode extends Typed {
  readonly kind: 'array'
  readonly items: readonly Node[]
}
/** Computes `value` once, for all `ref`s to the slot in `body`. */
export interface Let extends Typed {
  readonly kind: 'let'
  readonly slot: number
  readonly value: Node
  readonly body: Node
}
export interface Ref extends Typed {
  readonly kind: 'ref'
  readonly slot: number
}
/** A function of values. Null when an argument is, unless it `takesNulls`; what it throws is the failure of the row. */
export interface Call extends Typed {
  readonly kind: 'call'
  readonly name: string
  readonly run: (...values: never[]) => unknown
  readonly args: readonly Node[]
  readonly takesNulls: boolean
  /** Its result may be null though no argument is. */
  readonly mayBeNull: boolean
}

export type Node =
  | Constant
  | ColumnNode
  | Demand
  | Field
  | Arithmetic
  | Compare
  | Distinct
  | Logic
  | Not
  | IsNull
  | IsTruth
  | Case
  | Coalesce
  | Extreme
  | In
  | Quantified
  | ArrayNode
  | Let
  | Ref
  | Call

/** The nodes right below. */
export function partsOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'constant':
    case 'column':
    case 'ref':
      return []
    case 'demand':
    case 'field':
    case 'not':
    case 'isNull':
    case 'isTruth':
      return [node.of]
    case 'arithmetic':
    case 'compare':
    case 'distinct':
      return [node.left, node.right]
    case 'logic':
    case 'coalesce':
    case 'extreme':
    case 'array':
      return node.items
    case 'case':
      return [...node.branches.flatMap(({ when, value }) => [when, value]), node.otherwise]
    case 'in':
      return [node.of, ...node.items]
    case 'quantified':
      return [node.left, node.array]
    case 'let':
      return [node.value, node.body]
    case 'call':
      return node.args
  }
}

export const boolean = (value: boolean): Constant => ({ kind: 'constant', type: 'boolean', value })
