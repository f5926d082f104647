/** Walks over the tokens of an expression and makes nodes of its tree, minding how deep and how large it grows. */
import { depthMax, fault, nestingMax, nodesMax, type Span, spanning } from './fault.ts'
import type { Syntax, SyntaxNode } from './syntax.ts'
import { type Token, tokensOf } from './tokens.ts'

/** Words that can not be the name of a column unless they are quoted. */
export const reservedWords: ReadonlySet<string> = new Set(
  'and or not is isnull notnull null true false case when then else end in between like ilike similar cast array any all some distinct as'.split(
    ' ',
  ),
)

export class Reader {
  readonly text: string
  readonly #tokens: readonly Token[]
  #index = 0
  #nodes = 0
  #nesting = 0
  /** Reads a whole expression; set by the grammar, whose files need each other. */
  readonly #whole: (reader: Reader) => Syntax
  /** Reads what may stand between `in` and the like: no comparison and no `and`. */
  readonly #operand: (reader: Reader) => Syntax

  constructor(text: string, grammar: { whole: (reader: Reader) => Syntax; operand: (reader: Reader) => Syntax }) {
    this.text = text
    this.#tokens = tokensOf(text)
    this.#whole = grammar.whole
    this.#operand = grammar.operand
  }

  /** The token `ahead` of the next one. */
  peek(ahead = 0): Token {
    return (this.#tokens[this.#index + ahead] ?? this.#tokens.at(-1)) as Token
  }

  next(): Token {
    const token = this.peek()
    if (token.kind !== 'end') this.#index++
    return token
  }

  /** The token that was taken last. */
  get last(): Token {
    return (this.#tokens[Math.max(this.#index - 1, 0)] ?? this.peek()) as Token
  }

  isSign(sign: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'operator' && token.text === sign
  }

  isWord(word: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'word' && token.text.toLowerCase() === word
  }

  takeSign(...signs: readonly string[]): Token | undefined {
    return signs.some(sign => this.isSign(sign)) ? this.next() : undefined
  }

  takeWord(...words: readonly string[]): Token | undefined {
    return words.some(word => this.isWord(word)) ? this.next() : undefined
  }

  /** The sign, which must come now; `for` says what it belongs to. */
  expectSign(sign: string, sentence: string): Token {
    return this.takeSign(sign) ?? this.unexpected(sentence)
  }

  expectWord(word: string, sentence: string): Token {
    return this.takeWord(word) ?? this.unexpected(sentence)
  }

  /** Says what was expected instead of the next token. */
  unexpected(sentence: string): never {
    const token = this.peek()
    const found =
      token.kind === 'end' ? 'the expression ends here' : `found ${this.text.slice(token.offset, token.offset + token.length).slice(0, 40)}`
    throw fault(this.text, token, `${sentence}, but ${found}`)
  }

  whole(): Syntax {
    return this.nested(() => this.#whole(this))
  }

  operand(): Syntax {
    return this.nested(() => this.#operand(this))
  }

  /** Everything that calls itself goes through here, so that deep nesting is an error and not the end of the stack. */
  nested<Result>(read: () => Result): Result {
    if (++this.#nesting > nestingMax) throw fault(this.text, this.peek(), `the expression is nested deeper than ${nestingMax} levels`)
    const result = read()
    this.#nesting--
    return result
  }

  node(node: SyntaxNode, span: Span, parts: readonly (Syntax | undefined)[] = []): Syntax {
    let depth = 1
    for (const part of parts) if (part !== undefined) depth = Math.max(depth, part.depth + 1)
    if (depth > depthMax)
      throw fault(this.text, span, `more than ${depthMax} operators follow each other; use parentheses, concat(…) or in (…)`)
    if (++this.#nodes > nodesMax) throw fault(this.text, span, `the expression has more than ${nodesMax} parts`)
    return { ...node, span, depth }
  }

  /** From where a token or node starts to the end of what was read. */
  since(first: Span): Span {
    return spanning(first, this.last)
  }
}
