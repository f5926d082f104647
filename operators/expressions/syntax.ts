/** What was written, as a tree, before anything is known of columns and types. */
import type { Span } from './fault.ts'

/** A type as it was written: `text`, `double precision`, `integer[]`. */
export interface TypeName extends Span {
  readonly name: string
  readonly isArray: boolean
}

export type SyntaxNode =
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'column'; readonly name: string; readonly isQuoted: boolean }
  | { readonly kind: 'field'; readonly of: Syntax; readonly key: string }
  | { readonly kind: 'subscript'; readonly of: Syntax; readonly index: Syntax }
  | { readonly kind: 'call'; readonly name: string; readonly nameSpan: Span; readonly args: readonly Syntax[] }
  | { readonly kind: 'unary'; readonly operator: '-' | '+' | 'not'; readonly of: Syntax }
  | { readonly kind: 'binary'; readonly operator: string; readonly sign: Span; readonly left: Syntax; readonly right: Syntax }
  | { readonly kind: 'logic'; readonly operator: 'and' | 'or'; readonly items: readonly Syntax[] }
  | { readonly kind: 'cast'; readonly of: Syntax; readonly type: TypeName }
  | { readonly kind: 'is'; readonly of: Syntax; readonly what: 'null' | 'true' | 'false' | 'unknown'; readonly isNot: boolean }
  | { readonly kind: 'distinct'; readonly left: Syntax; readonly right: Syntax; readonly isNot: boolean }
  | {
      readonly kind: 'between'
      readonly of: Syntax
      readonly low: Syntax
      readonly high: Syntax
      readonly isNot: boolean
      readonly isSymmetric: boolean
    }
  | { readonly kind: 'in'; readonly of: Syntax; readonly items: readonly Syntax[]; readonly isNot: boolean }
  | {
      readonly kind: 'like'
      readonly of: Syntax
      readonly pattern: Syntax
      readonly escape?: Syntax
      readonly isNot: boolean
      readonly ignoresCase: boolean
    }
  | {
      readonly kind: 'quantified'
      readonly operator: string
      readonly sign: Span
      readonly left: Syntax
      readonly array: Syntax
      readonly isAll: boolean
    }
  | { readonly kind: 'array'; readonly items: readonly Syntax[] }
  | {
      readonly kind: 'case'
      readonly of?: Syntax
      readonly branches: readonly { readonly when: Syntax; readonly value: Syntax }[]
      readonly otherwise?: Syntax
    }

/** A node and where it stands; `depth` counts the levels of the tree below it. */
export type Syntax = SyntaxNode & { readonly span: Span; readonly depth: number }
