/** Expressions that speak of other rows by a name: `small.amount`, `first(small.amount)`. Each becomes a column, which whoever runs them fills. */
import type { Span } from './fault.ts'
import { parse } from './parse.ts'
import { partsOf } from './read-columns.ts'
import type { Syntax } from './syntax.ts'

const calls = ['first', 'last', 'count', 'sum', 'avg', 'mean', 'min', 'max'] as const

/** What of the rows of a name is meant; `value` is the name with a field alone. */
export interface Reference {
  readonly call: (typeof calls)[number] | 'value'
  readonly of: string
  /** Left out by `count(small)`. */
  readonly field?: string
}

interface Placed {
  readonly reference: Reference
  readonly span: Span
}

export interface Referring {
  /** The text with a column in place of each reference. */
  readonly text: string
  /** What each of these columns stands for. */
  readonly references: ReadonlyMap<string, Reference>
}

/** The text with the references to names taken out; `columnFor` may put a column of the row itself in place of one. */
export function referring(
  text: string,
  isName: (name: string) => boolean,
  columnFor: (reference: Reference) => string | undefined = () => undefined,
): Referring {
  const references = new Map<string, Reference>()
  const placed = referencesIn(parse(text), isName).toSorted((a, b) => b.span.offset - a.span.offset)
  let written = text
  for (const { reference, span } of placed) {
    const own = columnFor(reference)
    const column = own ?? shownAs(reference)
    if (own === undefined) references.set(column, reference)
    written = `${written.slice(0, span.offset)}"${column.replaceAll('"', '""')}"${written.slice(span.offset + span.length)}`
  }
  return { text: written, references }
}

/** The conditions that a text joins with `and`, each as it is written. */
export function conjunctsOf(text: string): readonly string[] {
  const syntax = parse(text)
  if (syntax.kind !== 'logic' || syntax.operator !== 'and') return [text]
  return syntax.items.map(({ span }) => text.slice(span.offset, span.offset + span.length))
}

function shownAs({ call, of, field }: Reference): string {
  const value = field === undefined ? of : `${of}.${field}`
  return call === 'value' ? value : `${call}(${value})`
}

function referencesIn(syntax: Syntax, isName: (name: string) => boolean): readonly Placed[] {
  const own = referenceOf(syntax, isName)
  if (own !== undefined) return [{ reference: own, span: syntax.span }]
  return partsOf(syntax).flatMap(part => referencesIn(part, isName))
}

function referenceOf(syntax: Syntax, isName: (name: string) => boolean): Reference | undefined {
  if (syntax.kind === 'field') {
    const of = nameOf(syntax.of, isName)
    return of === undefined ? undefined : { call: 'value', of, field: syntax.key }
  }
  if (syntax.kind !== 'call' || syntax.args.length !== 1) return undefined
  const call = calls.find(each => each === syntax.name.toLowerCase())
  const [argument] = syntax.args
  if (call === undefined || argument === undefined) return undefined
  const bare = call === 'count' ? nameOf(argument, isName) : undefined
  if (bare !== undefined) return { call, of: bare }
  const inner = referenceOf(argument, isName)
  return inner?.call === 'value' ? { ...inner, call } : undefined
}

function nameOf(syntax: Syntax, isName: (name: string) => boolean): string | undefined {
  return syntax.kind === 'column' && isName(syntax.name) ? syntax.name : undefined
}
