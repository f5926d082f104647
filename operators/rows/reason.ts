/** The reason for which a row is given up, from a text with columns in it: there is always one, also for a row that lacks them. */
import type { Page } from '../flow.ts'
import { templateOf } from '../names.ts'

export function reasonOf(text: string): (page: Page) => (row: number) => string {
  const template = templateOf(text)
  return page => {
    const make = template.of(page)
    return row => {
      try {
        return make(row)
      } catch (error) {
        return `${text} (${error instanceof Error ? error.message : String(error)})`
      }
    }
  }
}
