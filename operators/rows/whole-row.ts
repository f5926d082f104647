/** The data of a row as an object whose fields lie in a fixed order: what is made of it must not depend on which other rows are in the page. */
import { valueAt } from '../columns.ts'
import { envelopeTypes } from '../expressions/types.ts'
import type { Column, Page, Row } from '../flow.ts'
import { namesOf, type Names } from '../names.ts'
import { columnNamed } from '../page.ts'

/**
 * Makes the objects of rows. Of the named columns all fields are there, in their order, and null where the row has none; without names those
 * of all columns that are not null, by name. The envelope (`$stream` and so on) is no data: whether it is there is a matter of other steps.
 */
export function wholeRowReader(page: Page, names?: Names): (row: number) => Row {
  const all = [...page.columns.keys()].filter(name => !Object.hasOwn(envelopeTypes, name)).sort()
  const pairs = names === undefined ? all.map(name => [name, name] as const) : namesOf(names)
  const columns = pairs.map(([name, field]): readonly [string, Column] => [name, columnNamed(page, field)])
  return row => {
    const result: Record<string, unknown> = {}
    for (const [name, column] of columns) {
      const value = valueAt(column, row)
      if (value === null && names === undefined) continue
      if (name === '__proto__') Object.defineProperty(result, name, { value, enumerable: true, configurable: true, writable: true })
      else result[name] = value
    }
    return result
  }
}
