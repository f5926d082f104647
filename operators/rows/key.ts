/** What becomes of the key of a page when columns go: it stays when it is whole, for a part of it would tell other rows together. */
import type { Column, Page } from '../flow.ts'

/** The key when all its columns are there; nothing otherwise. */
export function keyIfWhole(key: readonly string[] | undefined, names: ReadonlySet<string>): readonly string[] | undefined {
  return key?.every(name => names.has(name)) === true ? key : undefined
}

/** The same rows with these columns and no others. */
export function withOnly(page: Page, columns: Iterable<readonly [string, Column]>, key: readonly string[] | undefined): Page {
  const { key: _, ...rest } = page
  return { ...rest, columns: new Map(columns), ...(key && { key }) }
}
