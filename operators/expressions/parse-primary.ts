/** Reads what stands between operators: constants, columns, calls, `case`, lists; and what hangs on them: `::type`, `[1]`, `.name`. */
import { fault } from './fault.ts'
import { specialCalls } from './parse-calls.ts'
import { typedText, typeName } from './parse-types.ts'
import { type Reader, reservedWords } from './reader.ts'
import type { Syntax } from './syntax.ts'
import type { Token } from './tokens.ts'

export function primary(reader: Reader): Syntax {
  let node = value(reader)
  for (;;) {
    if (reader.takeSign('::') !== undefined) {
      const type = typeName(reader)
      node = reader.node({ kind: 'cast', of: node, type }, reader.since(node.span), [node])
    } else if (reader.takeSign('[') !== undefined) {
      const index = reader.whole()
      if (reader.isSign(':')) throw fault(reader.text, reader.peek(), 'slices of arrays are not known here; take one element with a[1]')
      reader.expectSign(']', 'expected ] to end the subscript')
      node = reader.node({ kind: 'subscript', of: node, index }, reader.since(node.span), [node, index])
    } else if (reader.takeSign('.') !== undefined) node = field(reader, node)
    else return node
  }
}

/** `customer.address`: a way into JSON. */
function field(reader: Reader, of: Syntax): Syntax {
  const name = reader.peek()
  if (name.kind !== 'word' && name.kind !== 'name') reader.unexpected('expected a name behind the dot')
  reader.next()
  if (reader.isSign('(')) throw fault(reader.text, reader.since(of.span), 'functions are written without a schema or an object before them')
  return reader.node({ kind: 'field', of, key: name.text }, reader.since(of.span), [of])
}

function value(reader: Reader): Syntax {
  const token = reader.peek()
  switch (token.kind) {
    case 'number':
      reader.next()
      return reader.node({ kind: 'number', text: token.text }, token)
    case 'text':
      reader.next()
      if (reader.peek().kind === 'text')
        throw fault(reader.text, reader.peek(), "two texts follow each other; join them with ||, and write a ' inside of a text twice")
      return reader.node({ kind: 'text', text: token.text }, token)
    case 'name':
      reader.next()
      if (reader.isSign('(')) throw fault(reader.text, token, 'names of functions are not quoted')
      return reader.node({ kind: 'column', name: token.text, isQuoted: true }, token)
    case 'word':
      return named(reader, token)
    case 'operator':
      return bracketed(reader, token)
    case 'end':
      return reader.unexpected('a value is missing')
  }
}

function bracketed(reader: Reader, token: Token): Syntax {
  if (reader.takeSign('(') !== undefined) {
    if (reader.isSign(')')) reader.unexpected('there is nothing between the parentheses')
    const inner = reader.whole()
    if (reader.isSign(',')) throw fault(reader.text, reader.peek(), 'a list stands only behind in, or as array[…]')
    if (reader.peek().kind === 'end') throw fault(reader.text, token, 'this ( is not closed; a ) is missing')
    reader.expectSign(')', 'expected an operator or )')
    return { ...inner, span: reader.since(token) }
  }
  if (token.text === '!') throw fault(reader.text, token, '! means nothing here; write not')
  if (token.text === '`') throw fault(reader.text, token, 'names are quoted with "…" and texts with \'…\'')
  if (token.text === '*') throw fault(reader.text, token, 'a value is missing before this *; a power is written a ^ b')
  return reader.unexpected('a value is missing')
}

function named(reader: Reader, token: Token): Syntax {
  const word = token.text.toLowerCase()
  switch (word) {
    case 'true':
    case 'false':
      reader.next()
      return reader.node({ kind: 'boolean', value: word === 'true' }, token)
    case 'null':
      reader.next()
      return reader.node({ kind: 'null' }, token)
    case 'case':
      return caseOf(reader)
    case 'cast':
      return castOf(reader)
    case 'array':
      return arrayOf(reader)
    case 'not':
      throw fault(reader.text, token, 'not binds less than the operator before it; set parentheses: (not …)')
    default:
  }
  if (reservedWords.has(word)) {
    const why =
      word === 'any' || word === 'all' || word === 'some'
        ? `${word} (…) stands only behind a comparison`
        : `${word} is a word of the language; a column of that name is written "${token.text}"`
    throw fault(reader.text, token, why)
  }
  const literal = typedText(reader)
  if (literal !== undefined) return literal
  reader.next()
  return reader.isSign('(') ? call(reader, token) : reader.node({ kind: 'column', name: token.text, isQuoted: false }, token)
}

function call(reader: Reader, nameSpan: Token): Syntax {
  const name = nameSpan.text.toLowerCase()
  const open = reader.next()
  const special = Object.hasOwn(specialCalls, name) ? specialCalls[name]?.(reader, nameSpan) : undefined
  if (special !== undefined) return special
  const args: Syntax[] = []
  if (reader.isSign('*')) throw fault(reader.text, reader.peek(), `${name}(*) is an aggregate; expressions see one row`)
  if (reader.isWord('distinct')) throw fault(reader.text, reader.peek(), 'distinct belongs to aggregates; expressions see one row')
  while (!reader.isSign(')')) {
    args.push(reader.whole())
    if (reader.isSign('=>')) throw fault(reader.text, reader.peek(), 'arguments have no names here; write them in order')
    if (reader.takeSign(',') === undefined) break
    if (reader.isSign(')')) reader.unexpected('a value is missing behind the comma')
  }
  if (reader.peek().kind === 'end') throw fault(reader.text, open, 'this ( is not closed; a ) is missing')
  reader.expectSign(')', `expected , or ) in the call of ${name}`)
  return reader.node({ kind: 'call', name, nameSpan, args }, reader.since(nameSpan), args)
}

function caseOf(reader: Reader): Syntax {
  const start = reader.next()
  const of = reader.isWord('when') ? undefined : reader.whole()
  const branches: { when: Syntax; value: Syntax }[] = []
  while (reader.takeWord('when') !== undefined) {
    const when = reader.whole()
    reader.expectWord('then', 'expected then: case is written "case when a then b else c end"')
    branches.push({ when, value: reader.whole() })
  }
  if (branches.length === 0) reader.unexpected('expected when: case is written "case when a then b else c end"')
  const otherwise = reader.takeWord('else') === undefined ? undefined : reader.whole()
  if (!reader.isWord('end')) {
    const token = reader.peek()
    throw fault(
      reader.text,
      token.kind === 'end' ? start : token,
      token.kind === 'end' ? 'the end of this case is missing' : 'expected when, else or end of the case',
    )
  }
  reader.next()
  const parts = [of, otherwise, ...branches.flatMap(({ when, value }) => [when, value])]
  return reader.node({ kind: 'case', ...(of && { of }), branches, ...(otherwise && { otherwise }) }, reader.since(start), parts)
}

function castOf(reader: Reader): Syntax {
  const start = reader.next()
  reader.expectSign('(', 'expected ( behind cast: it is written "cast(x as number)"')
  const of = reader.whole()
  reader.expectWord('as', 'expected as: cast is written "cast(x as number)"')
  const type = typeName(reader)
  reader.expectSign(')', 'expected ) to end the cast')
  return reader.node({ kind: 'cast', of, type }, reader.since(start), [of])
}

function arrayOf(reader: Reader): Syntax {
  const start = reader.next()
  reader.expectSign('[', 'expected [ behind array: it is written "array[1, 2]"')
  const items: Syntax[] = []
  while (!reader.isSign(']')) {
    items.push(reader.whole())
    if (reader.takeSign(',') === undefined) break
  }
  reader.expectSign(']', 'expected , or ] in the array')
  return reader.node({ kind: 'array', items }, reader.since(start), items)
}
