/** Reads the syntax of Postgres expressions into a tree: operators by precedence; what they stand between is in parse-primary. */
import { fault } from './fault.ts'
import { signSlips, wordSlips } from './slips.ts'
import { primary } from './parse-primary.ts'
import { Reader } from './reader.ts'
import type { Syntax } from './syntax.ts'
import type { Token } from './tokens.ts'

/** The tree of a text. INVALID with the place when it is no expression. */
export function parse(text: string): Syntax {
  const reader = new Reader(text, { whole, operand: other })
  if (reader.peek().kind === 'end') throw fault(text, reader.peek(), 'the expression is empty')
  const tree = reader.whole()
  if (reader.peek().kind !== 'end') throw behind(reader)
  return tree
}

/** What stands behind a complete expression, with a sentence for the usual slips. */
function behind(reader: Reader): Error {
  const token = reader.peek()
  const shown = reader.text.slice(token.offset, token.offset + token.length)
  const word = token.kind === 'word' ? token.text.toLowerCase() : ''
  const known = token.kind === 'operator' ? signSlips[token.text] : wordSlips.get(word)
  const isQuery = reader.peek(0).offset > 0 && /^\s*select\b/i.test(reader.text)
  const sentence = isQuery ? 'there are no queries in expressions; write the value alone' : known
  return fault(reader.text, token, sentence ?? `did not expect ${shown.slice(0, 40)} here; an operator or a comma may be missing before it`)
}

function whole(reader: Reader): Syntax {
  return logic(reader, 'or', one => logic(one, 'and', negation))
}

/** `a and b and c` is one node with three items, so that long lists are not deep. */
function logic(reader: Reader, operator: 'and' | 'or', item: (reader: Reader) => Syntax): Syntax {
  const first = item(reader)
  if (operator === 'and' && reader.isSign('&&')) throw fault(reader.text, reader.peek(), '&& means nothing here; write and')
  if (!reader.isWord(operator)) return first
  const items = [first]
  while (reader.takeWord(operator) !== undefined) items.push(item(reader))
  return reader.node({ kind: 'logic', operator, items }, reader.since(first.span), items)
}

function negation(reader: Reader): Syntax {
  const sign = reader.peek()
  if (reader.takeWord('not') === undefined) {
    if (reader.isSign('!')) throw fault(reader.text, sign, '! means nothing here; write not')
    return test(reader)
  }
  const of = reader.nested(() => negation(reader))
  return reader.node({ kind: 'unary', operator: 'not', of }, reader.since(sign), [of])
}

/** `is null`, `is not true`, `is distinct from`: looser than comparisons. */
function test(reader: Reader): Syntax {
  let of = comparison(reader)
  for (;;) {
    const short = reader.takeWord('isnull', 'notnull')
    if (short !== undefined) {
      of = reader.node({ kind: 'is', of, what: 'null', isNot: /^n/i.test(short.text) }, reader.since(of.span), [of])
      continue
    }
    if (reader.takeWord('is') === undefined) return of
    const isNot = reader.takeWord('not') !== undefined
    if (reader.takeWord('distinct') !== undefined) {
      reader.expectWord('from', 'expected from behind "is distinct"')
      const right = comparison(reader)
      of = reader.node({ kind: 'distinct', left: of, right, isNot }, reader.since(of.span), [of, right])
      continue
    }
    const what = reader.takeWord('null', 'true', 'false', 'unknown')?.text.toLowerCase()
    if (what === undefined) reader.unexpected('expected null, true, false, unknown or distinct from behind "is" (equality is written =)')
    of = reader.node({ kind: 'is', of, what: what as 'null', isNot }, reader.since(of.span), [of])
  }
}

const comparisons = ['=', '<>', '!=', '<', '<=', '>', '>=']

function comparison(reader: Reader): Syntax {
  const left = range(reader)
  const sign = reader.takeSign(...comparisons)
  if (sign === undefined) {
    if (reader.isSign('==')) throw fault(reader.text, reader.peek(), 'equality is written with one sign: =')
    return left
  }
  if (sign.text === '=' && (reader.isSign('=') || reader.isSign('>') || reader.isSign('<')))
    throw fault(reader.text, reader.peek(), 'this is no operator; comparisons are = <> < <= > >=')
  return compared(reader, left, sign, range)
}

/** The right side of an operator: a value, or `any (array)`. */
function compared(reader: Reader, left: Syntax, sign: Token, right: (reader: Reader) => Syntax): Syntax {
  const operator = sign.text === '!=' ? '<>' : sign.text
  const quantifier = reader.isSign('(', 1) ? reader.takeWord('any', 'some', 'all') : undefined
  if (quantifier === undefined) {
    const operand = right(reader)
    return reader.node({ kind: 'binary', operator, sign, left, right: operand }, reader.since(left.span), [left, operand])
  }
  reader.next()
  const array = reader.whole()
  reader.expectSign(')', `expected ) to end ${quantifier.text} (…`)
  const isAll = /^all$/i.test(quantifier.text)
  return reader.node({ kind: 'quantified', operator, sign, left, array, isAll }, reader.since(left.span), [left, array])
}

/** `between`, `in`, `like`: tighter than comparisons. */
function range(reader: Reader): Syntax {
  const of = other(reader)
  const isNot = reader.isWord('not') && ['between', 'in', 'like', 'ilike', 'similar'].some(word => reader.isWord(word, 1))
  if (isNot) reader.next()
  if (reader.takeWord('between') !== undefined) return between(reader, of, isNot)
  if (reader.takeWord('in') !== undefined) return list(reader, of, isNot)
  const like = reader.takeWord('like', 'ilike')
  if (like !== undefined) {
    const ignoresCase = /^i/i.test(like.text)
    if (reader.isSign('(', 1) && ['any', 'some', 'all'].some(word => reader.isWord(word))) {
      const operator = `${isNot ? '!' : ''}~~${ignoresCase ? '*' : ''}`
      return compared(reader, of, { ...like, text: operator }, other)
    }
    const pattern = other(reader)
    const escape = reader.takeWord('escape') === undefined ? undefined : other(reader)
    return reader.node({ kind: 'like', of, pattern, ...(escape && { escape }), isNot, ignoresCase }, reader.since(of.span), [
      of,
      pattern,
      escape,
    ])
  }
  if (reader.isWord('similar'))
    throw fault(reader.text, reader.peek(), 'there is no "similar to"; use like, or ~ with a regular expression')
  return of
}

function between(reader: Reader, of: Syntax, isNot: boolean): Syntax {
  const isSymmetric = reader.takeWord('symmetric') !== undefined
  if (!isSymmetric) reader.takeWord('asymmetric')
  const low = other(reader)
  reader.expectWord('and', 'expected and: between is written "x between a and b"')
  const high = other(reader)
  return reader.node({ kind: 'between', of, low, high, isNot, isSymmetric }, reader.since(of.span), [of, low, high])
}

function list(reader: Reader, of: Syntax, isNot: boolean): Syntax {
  reader.expectSign('(', 'expected ( behind in: it is written "x in (a, b)"')
  if (reader.isSign(')')) reader.unexpected('in (…) needs at least one value')
  const items = [reader.whole()]
  while (reader.takeSign(',') !== undefined) items.push(reader.whole())
  reader.expectSign(')', 'expected , or ) in the list of in')
  return reader.node({ kind: 'in', of, items, isNot }, reader.since(of.span), [of, ...items])
}

const others = ['||', '->', '->>', '#>', '#>>', '~', '~*', '!~', '!~*', '~~', '~~*', '!~~', '!~~*', '@>', '<@', '?', '?|', '?&']

/** All operators that have no precedence of their own. */
function other(reader: Reader): Syntax {
  let left = additive(reader)
  for (;;) {
    const sign = reader.takeSign(...others)
    if (sign === undefined) return left
    left = compared(reader, left, sign, additive)
  }
}

function chain(reader: Reader, signs: readonly string[], operand: (reader: Reader) => Syntax): Syntax {
  let left = operand(reader)
  for (;;) {
    const sign = reader.takeSign(...signs)
    if (sign === undefined) return left
    const right = operand(reader)
    left = reader.node({ kind: 'binary', operator: sign.text, sign, left, right }, reader.since(left.span), [left, right])
  }
}

const additive = (reader: Reader): Syntax => chain(reader, ['+', '-'], multiplicative)
const multiplicative = (reader: Reader): Syntax => chain(reader, ['*', '/', '%'], power)
const power = (reader: Reader): Syntax => chain(reader, ['^'], signed)

/** A sign before a value binds tighter than all operators between two. */
function signed(reader: Reader): Syntax {
  const sign = reader.takeSign('-', '+')
  if (sign === undefined) return primary(reader)
  const of = reader.nested(() => signed(reader))
  return reader.node({ kind: 'unary', operator: sign.text as '-', of }, reader.since(sign), [of])
}
