/** Which columns an expression reads, as it was written: nothing need be known of their types. */
import type { Span } from './fault.ts'
import { reservedWords } from './reader.ts'
import type { Syntax } from './syntax.ts'

/** A column where it is read. */
export interface ColumnRead extends Span {
  readonly name: string
  /** Written in double quotes, which it does not need: Postgres itself would need them only for capital letters. */
  readonly isQuotedWord: boolean
}

/** In the order in which they are written; a column as often as it is read. */
export function columnsOf(syntax: Syntax): readonly ColumnRead[] {
  const columns: ColumnRead[] = []
  const open: Syntax[] = [syntax]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.kind === 'column') columns.push({ name: next.name, isQuotedWord: next.isQuoted && isWord(next.name), ...next.span })
    open.push(...partsOf(next).toReversed())
  }
  return columns
}

function isWord(name: string): boolean {
  return /^[\p{L}_$][\p{L}\p{M}\p{N}_$]*$/u.test(name) && !/\p{Ll}\p{Lu}/u.test(name) && !reservedWords.has(name.toLowerCase())
}

/** The parts right below, in the order in which they are written. */
export function partsOf(syntax: Syntax): readonly Syntax[] {
  switch (syntax.kind) {
    case 'number':
    case 'text':
    case 'boolean':
    case 'null':
    case 'column':
      return []
    case 'field':
    case 'unary':
    case 'cast':
    case 'is':
      return [syntax.of]
    case 'subscript':
      return [syntax.of, syntax.index]
    case 'call':
      return syntax.args
    case 'binary':
    case 'distinct':
      return [syntax.left, syntax.right]
    case 'logic':
    case 'array':
      return syntax.items
    case 'between':
      return [syntax.of, syntax.low, syntax.high]
    case 'in':
      return [syntax.of, ...syntax.items]
    case 'like':
      return [syntax.of, syntax.pattern, ...(syntax.escape ? [syntax.escape] : [])]
    case 'quantified':
      return [syntax.left, syntax.array]
    case 'case': {
      const branches = syntax.branches.flatMap(({ when, value }) => [when, value])
      return [...(syntax.of ? [syntax.of] : []), ...branches, ...(syntax.otherwise ? [syntax.otherwise] : [])]
    }
  }
}
