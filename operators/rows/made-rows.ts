/** Rows that a step makes, gathered as columns while they come. */
import { columnOf, TextDictionary, valueAt } from '../columns.ts'
import type { Column, Row } from '../flow.ts'

/** Above this, names are data and not columns, and dictionaries that nobody asks for again would pile up. */
const dictionariesMax = 1024

/** The dictionaries of text columns, kept from page to page by the step that makes them. */
export type Dictionaries = Map<string, TextDictionary>

/**
 * Takes each row apart when it comes, so that a function may use one object again and again. What a row lacks is told from what it holds as
 * null: the first may keep what the column held before, whatever other rows are in the page.
 */
export class MadeRows {
  readonly #count: number
  readonly #lists = new Map<string, unknown[]>()

  constructor(count: number) {
    this.#count = count
  }

  place(index: number, row: Row): void {
    for (const name of Object.keys(row)) {
      const value = row[name] ?? null
      let list = this.#lists.get(name)
      if (list === undefined) this.#lists.set(name, (list = new Array<unknown>(this.#count)))
      list[index] = value
    }
  }

  /** A column for each field that any row has. `before` are the columns whose values stay where a row lacks the field. */
  columns(dictionaries?: Dictionaries, before?: ReadonlyMap<string, Column>): Map<string, Column> {
    const made = new Map<string, Column>()
    for (const [name, list] of this.#lists) {
      const old = before?.get(name)
      for (let row = 0; row < list.length; row++) if (list[row] === undefined) list[row] = old === undefined ? null : valueAt(old, row)
      made.set(name, columnOf(list, dictionaries && dictionaryOf(dictionaries, name)))
    }
    return made
  }
}

function dictionaryOf(dictionaries: Dictionaries, name: string): TextDictionary {
  let dictionary = dictionaries.get(name)
  if (dictionary === undefined || dictionary.isFull) {
    if (dictionaries.size >= dictionariesMax) dictionaries.clear()
    dictionaries.set(name, (dictionary = new TextDictionary()))
  }
  return dictionary
}
