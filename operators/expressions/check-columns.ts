/** Checks columns, ways into JSON and subscripts. */
import { call, type Checker, typeWord } from './checker.ts'
import { elementOf, isArrayType } from './compare.ts'
import { hint } from './hint.ts'
import { elementAt, fieldOf, orNull } from './json.ts'
import { reasonAgainstFunction } from './refused.ts'
import { reservedWords } from './reader.ts'
import type { Syntax } from './syntax.ts'
import type { Node } from './tree.ts'
import { envelopeTypes, typeOfField } from './types.ts'

type Of<Kind extends Syntax['kind']> = Extract<Syntax, { kind: Kind }>

export function checkColumn(syntax: Of<'column'>, checker: Checker): Node {
  const { name, isQuoted } = syntax
  const type = typeOfField(checker.row, name)
  const known = Object.keys(checker.row.fields)
  if (type === undefined) {
    const asText = isQuoted ? `; a text is written in single quotes: '${name}'` : ''
    const near = hint(name, known)
    const list = ` (there are: ${known.filter(one => name.startsWith('$') === one.startsWith('$')).join(', ') || 'none'})`
    checker.fail(syntax.span, `there is no column ${name}${near}${asText}${list}`)
  }
  const isEnvelope = Object.hasOwn(envelopeTypes, name)
  if (name.startsWith('$') && !isEnvelope && !known.includes(name)) {
    const near = hint(name, Object.keys(envelopeTypes))
    if (near !== '') checker.fail(syntax.span, `there is no column ${name}${near}`)
  }
  if (/^(?:current_|local)/i.test(name) && !isQuoted && !known.includes(name)) {
    const reason = reasonAgainstFunction(name.toLowerCase())
    if (reason !== undefined) checker.fail(syntax.span, reason)
  }
  checker.reads.add(name)
  const column: Node = { kind: 'column', type: 'any', name }
  return type === 'any' ? column : { kind: 'demand', type, of: column, label: name }
}

/**
 * A name in double quotes where a text stands as a rule, though nothing is known of such a column and it needs no quotes: surely
 * a text was meant, and it would be read as a column that no row has.
 */
export function refuseQuoted(checker: Checker, ...places: readonly Syntax[]): void {
  for (const syntax of places) {
    if (syntax.kind !== 'column' || !syntax.isQuoted || Object.hasOwn(checker.row.fields, syntax.name)) continue
    const { name } = syntax
    if (/^[\p{L}_$][\p{L}\p{M}\p{N}_$]*$/u.test(name) && !reservedWords.has(name.toLowerCase()))
      checker.fail(syntax.span, `"${name}" is a column; the text is written '${name}', and the column ${name} without quotes`)
  }
}

export function checkField(syntax: Of<'field'>, checker: Checker): Node {
  const of = checker.check(syntax.of)
  if (of.node.type !== 'any' && of.node.type !== 'json')
    checker.fail(syntax.span, `${checker.quote(syntax.of.span)} is ${typeWord(of.node.type)} and has no fields; only json has`)
  return { kind: 'field', type: 'any', of: of.node, key: syntax.key }
}

const subscripted = (list: readonly unknown[], index: number): unknown => (index >= 1 ? orNull(list[index - 1]) : null)

/** `array[1]` counts from 1 and is an element; `json[0]` and `json['name']` are a way into JSON, as in Postgres. */
export function checkSubscript(syntax: Of<'subscript'>, checker: Checker): Node {
  const of = checker.check(syntax.of)
  const { type } = of.node
  const index = checker.check(syntax.index)
  if (isArrayType(type)) {
    const place = checker.fit(index, 'integer', 'elements of an array are counted from 1')
    return { ...call('[]', elementOf(type), subscripted, [of.node, place]), mayBeNull: true }
  }
  if (type !== 'any' && type !== 'json')
    checker.fail(syntax.span, `${checker.quote(syntax.of.span)} is ${typeWord(type)} and has no elements`)
  if (index.node.type === 'integer') return { ...call('[]', type, elementAt, [of.node, index.node]), mayBeNull: true }
  const key = checker.fit(index, 'text', 'a subscript of json is a text or an integer')
  return { ...call('[]', type, fieldOf, [of.node, key]), mayBeNull: true }
}
