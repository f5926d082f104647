/** Cuts the text of an expression into tokens, as Postgres does: names, texts, numbers, operators. */
import { fault, type Span, textCharactersMax } from './fault.ts'

export interface Token extends Span {
  /** `name` was written in double quotes; `word` was not, and may be a keyword. */
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'operator' | 'end'
  /** What it stands for: a text without its quotes, an operator as written, a word as written. */
  readonly text: string
}

/** Longer ones first, so that `->>` is not read as `->` and `>`. */
const operators = [
  ['->>', '#>>', '!~~*', '!~*', '!~~', '~~*'],
  ['->', '#>', '!~', '~*', '~~', '<=', '>=', '<>', '!=', '||', '::', '==', '&&', '@>', '<@', '?|', '?&', '=>'],
  '=<>+-*/%^~?!()[],.:;&|#@`'.split(''),
].flat()

const word = /[\p{L}_$][\p{L}\p{M}\p{N}_$]*/uy
const number = /(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
const space = /(?:[ \t\n\r\f\v]+|--[^\n]*)+/y

/** All tokens, with one of kind `end` behind the last. */
export function tokensOf(text: string): readonly Token[] {
  if (text.length > textCharactersMax)
    throw fault(text.slice(0, 100), { offset: 0, length: 0 }, `the expression is longer than ${textCharactersMax} characters`)
  const tokens: Token[] = []
  let offset = afterSpace(text, 0)
  while (offset < text.length) {
    const token = tokenAt(text, offset)
    tokens.push(token)
    offset = afterSpace(text, token.offset + token.length)
  }
  return [...tokens, { kind: 'end', text: '', offset: text.length, length: 0 }]
}

function matchAt(pattern: RegExp, text: string, offset: number): string | undefined {
  pattern.lastIndex = offset
  return pattern.exec(text)?.[0]
}

/** Behind white space and comments; comments of stars may hold others. */
function afterSpace(text: string, start: number): number {
  let offset = start
  for (;;) {
    offset += matchAt(space, text, offset)?.length ?? 0
    if (!text.startsWith('/*', offset)) return offset
    offset = afterComment(text, offset)
  }
}

function afterComment(text: string, start: number): number {
  let depth = 0
  for (let offset = start; offset < text.length;) {
    if (text.startsWith('/*', offset)) {
      depth++
      offset += 2
    } else if (text.startsWith('*/', offset)) {
      depth--
      offset += 2
      if (depth === 0) return offset
    } else offset++
  }
  throw fault(text, { offset: start, length: 2 }, 'this comment is not closed; end it with */')
}

function tokenAt(text: string, offset: number): Token {
  const first = text[offset] as string
  if (first === "'") return quoted(text, offset, "'")
  if (first === '"') return quoted(text, offset, '"')
  if (/[eE]/.test(first) && text[offset + 1] === "'") return escaped(text, offset)
  if (/[bBxXnN]/.test(first) && text[offset + 1] === "'")
    throw fault(text, { offset, length: 2 }, `texts of the form ${first}'…' are not known here; write '…'`)
  const digits = matchAt(number, text, offset)
  if (digits !== undefined) return numberAt(text, offset, digits)
  const letters = matchAt(word, text, offset)
  if (letters !== undefined) return wordAt(text, offset, letters)
  const operator = operators.find(each => text.startsWith(each, offset))
  if (operator !== undefined) return { kind: 'operator', text: operator, offset, length: operator.length }
  if (first === '‘' || first === '’' || first === '“' || first === '”')
    throw fault(text, { offset, length: 1 }, `this is a typographic quote ${first}; write texts in straight ones: 'text'`)
  const shown = String.fromCodePoint(text.codePointAt(offset) as number)
  throw fault(text, { offset, length: shown.length }, `the character ${JSON.stringify(shown)} means nothing here`)
}

function numberAt(text: string, offset: number, digits: string): Token {
  const junk = matchAt(word, text, offset + digits.length)
  if (junk !== undefined)
    throw fault(
      text,
      { offset, length: digits.length + junk.length },
      `${digits}${junk} is no number and no name; a name that begins with a digit is written in double quotes`,
    )
  return { kind: 'number', text: digits, offset, length: digits.length }
}

function wordAt(text: string, offset: number, letters: string): Token {
  if (/^\$(?:\d|$)|^\$.*\$$/.test(letters))
    throw fault(
      text,
      { offset, length: letters.length },
      `${letters} means nothing here: there are no parameters, and texts are written as '…'`,
    )
  return { kind: 'word', text: letters, offset, length: letters.length }
}

/** A text or a name; the quote is written twice to mean itself. */
function quoted(text: string, start: number, quote: string): Token {
  let value = ''
  for (let offset = start + 1; ;) {
    const close = text.indexOf(quote, offset)
    if (close < 0)
      throw fault(
        text,
        { offset: start, length: text.length - start },
        `this ${quote === "'" ? 'text' : 'name'} is not closed; a ${quote} is missing`,
      )
    value += text.slice(offset, close)
    if (text[close + 1] !== quote) {
      const length = close + 1 - start
      if (quote === '"' && value === '') throw fault(text, { offset: start, length }, "an empty name means no column; the empty text is ''")
      return { kind: quote === "'" ? 'text' : 'name', text: value, offset: start, length }
    }
    value += quote
    offset = close + 2
  }
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
const escape = /\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]{1,2})|([0-7]{1,3})|([\s\S]))|''|[^'\\]+/y

/** `E'…'`: backslashes mean what they mean in C. */
function escaped(text: string, start: number): Token {
  let value = ''
  let offset = start + 2
  for (;;) {
    if (text[offset] === "'" && text[offset + 1] !== "'") return { kind: 'text', text: value, offset: start, length: offset + 1 - start }
    escape.lastIndex = offset
    const match = escape.exec(text)
    if (match === null) throw fault(text, { offset: start, length: text.length - start }, "this text is not closed; a ' is missing")
    const [piece, short, long, hex, octal, letter] = match
    value += pieceOf(text, offset, { piece, code: short ?? long ?? hex, octal, letter })
    offset += piece.length
  }
}

interface Piece {
  readonly piece: string
  readonly code: string | undefined
  readonly octal: string | undefined
  readonly letter: string | undefined
}

function pieceOf(text: string, offset: number, { piece, code, octal, letter }: Piece): string {
  if (letter !== undefined) {
    if (/[uUx]/.test(letter)) throw fault(text, { offset, length: 2 }, `\\${letter} must be followed by hexadecimal digits`)
    return escapes[letter] ?? letter
  }
  const number = code !== undefined ? Number.parseInt(code, 16) : octal !== undefined ? Number.parseInt(octal, 8) : undefined
  if (number === undefined) return piece === "''" ? "'" : piece
  if (number > 0x10ffff || number === 0) throw fault(text, { offset, length: piece.length }, `${piece} is no character`)
  return String.fromCodePoint(number)
}
