/** What functions of the user answer: at once and not as a promise, and rows as objects whose fields are columns. */
import type { Row } from '../flow.ts'

/** The answer itself; throws for a promise, whose failure nobody would hear of later. */
export function atOnce(answer: unknown): unknown {
  if (typeof answer !== 'object' || !(answer instanceof Promise)) return answer
  answer.catch(() => {})
  throw new TypeError('the function returned a promise; it must be synchronous')
}

/** An object with fields; a list, a date, a map or bytes are values and no rows. */
export function isRow(value: unknown): value is Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return true
  return !(value instanceof Date || value instanceof Map || value instanceof Set || ArrayBuffer.isView(value))
}

/** The new row that a function answered with; throws for values that neither JSON nor a page has a place for, and a sink would choke on. */
export function rowAnswered(answer: unknown): Row {
  if (!isRow(answer)) throw new TypeError('the function must return the new row as an object')
  for (const name of Object.keys(answer)) {
    const kind = typeof answer[name]
    if (kind === 'function' || kind === 'symbol' || kind === 'bigint') throw new TypeError(`${name} is a ${kind}; a column can not hold it`)
  }
  return answer
}
