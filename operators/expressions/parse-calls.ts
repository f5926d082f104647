/** Reads calls with words in them, as SQL writes some: `extract(hour from x)`, `trim(both 'x' from y)`, `substring(x from 2 for 3)`. */
import { fault } from './fault.ts'
import type { Reader } from './reader.ts'
import type { Syntax } from './syntax.ts'
import type { Token } from './tokens.ts'

/** Reads the call behind its parenthesis; undefined, with nothing taken, when it is written as any other call. */
type SpecialCall = (reader: Reader, name: Token) => Syntax | undefined

function called(reader: Reader, nameSpan: Token, name: string, args: readonly Syntax[]): Syntax {
  reader.expectSign(')', `expected ) to end ${nameSpan.text}(…`)
  return reader.node({ kind: 'call', name, nameSpan, args }, reader.since(nameSpan), args)
}

/** Whether `word` comes before the parenthesis that ends the call. */
function comes(reader: Reader, word: string): boolean {
  let depth = 0
  for (let ahead = 0; ; ahead++) {
    const token = reader.peek(ahead)
    if (token.kind === 'end') return false
    if (depth === 0 && reader.isWord(word, ahead) && !(ahead > 0 && reader.isWord('distinct', ahead - 1))) return true
    if (token.kind !== 'operator') continue
    if (token.text === '(' || token.text === '[') depth++
    else if ((token.text === ')' || token.text === ']') && depth-- === 0) return false
    else if (token.text === ',' && depth === 0) return false
  }
}

export const specialCalls: Readonly<Record<string, SpecialCall>> = {
  extract(reader, name) {
    const field = reader.peek()
    const isField = field.kind === 'word' || field.kind === 'text'
    if (!isField || !reader.isWord('from', 1)) reader.unexpected('extract is written "extract(hour from x)"')
    reader.next()
    reader.next()
    const unit = reader.node({ kind: 'text', text: field.text.toLowerCase() }, field)
    return called(reader, name, 'date_part', [unit, reader.whole()])
  },
  position(reader, name) {
    const part = reader.operand()
    reader.expectWord('in', 'position is written "position(part in text)"')
    return called(reader, name, 'strpos', [reader.whole(), part])
  },
  substring(reader, name) {
    if (!comes(reader, 'from') && !comes(reader, 'for')) return undefined
    const text = reader.whole()
    const from = reader.takeWord('from') === undefined ? reader.node({ kind: 'number', text: '1' }, name) : reader.whole()
    const length = reader.takeWord('for') === undefined ? [] : [reader.whole()]
    return called(reader, name, 'substring', [text, from, ...length])
  },
  overlay(reader, name) {
    if (!comes(reader, 'placing')) return undefined
    const text = reader.whole()
    reader.expectWord('placing', 'overlay is written "overlay(text placing other from 2 for 3)"')
    const other = reader.whole()
    reader.expectWord('from', 'overlay is written "overlay(text placing other from 2 for 3)"')
    const from = reader.whole()
    const length = reader.takeWord('for') === undefined ? [] : [reader.whole()]
    return called(reader, name, 'overlay', [text, other, from, ...length])
  },
  trim(reader, name) {
    const side = reader.isSign('(', 1) ? undefined : reader.takeWord('leading', 'trailing', 'both')
    const isSided = side !== undefined || comes(reader, 'from')
    if (!isSided) return undefined
    const characters = reader.isWord('from') ? [] : [reader.whole()]
    reader.expectWord('from', 'trim is written "trim(both \'x\' from text)"')
    const trims = { leading: 'ltrim', trailing: 'rtrim', both: 'btrim' } as const
    const word = (side?.text.toLowerCase() ?? 'both') as keyof typeof trims
    return called(reader, name, trims[word], [reader.whole(), ...characters])
  },
  exists(reader, name) {
    throw fault(reader.text, name, 'there are no queries in expressions')
  },
}
