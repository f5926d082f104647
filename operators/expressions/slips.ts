/** What people write who know another language, and what to write here. */

const chained = 'comparisons can not follow each other; join them with and, or set parentheses'

/** Signs behind a complete expression. */
export const signSlips: Readonly<Record<string, string>> = {
  '==': 'equality is written with one sign: =',
  '&&': '&& means nothing here; write and',
  '!': '! means nothing here; write not, or <> for "is not equal"',
  ')': 'there is no ( for this )',
  ';': 'an expression has no ; at its end',
  ':': 'a ? b : c is written case when a then b else c end',
  ',': 'an expression gives one value; a second does not belong here',
  '|': 'there are no operators on bits; write or, or || to join texts',
  '&': 'there are no operators on bits; write and',
  '=': chained,
  '<>': chained,
  '!=': chained,
  '<': chained,
  '<=': chained,
  '>': chained,
  '>=': chained,
}

/** Words behind a complete expression. */
export const wordSlips: ReadonlyMap<string, string> = new Map([
  ...['when', 'then', 'else', 'end'].map(word => [word, 'this belongs to a case, but none is open here'] as const),
  ['as', 'an expression gives a value without a name; the name of the column is the key it stands under'],
  ['at', 'there is no "at time zone": all times are in UTC'],
  ['collate', 'there are no collations: texts are ordered by their code points'],
  ['over', 'there are no windows in expressions; use tumble, hop or session'],
  ['filter', 'there are no aggregates in expressions; they see one row'],
  ['from', 'there are no queries in expressions'],
  ['not', 'not stands before a condition; nulls are asked for with is not null'],
  ['null', 'nulls are asked for with is null'],
])
