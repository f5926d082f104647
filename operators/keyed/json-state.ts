/** Steps whose state by key is JSON made by a function of the user, called with that state and a row. */
import { defaultLimits } from '../../event/limits.ts'
import { EventStoreError } from '../../event/error.ts'
import type { TextDictionary } from '../columns.ts'
import type { Column, Page, Row } from '../flow.ts'
import { userFunction } from '../functions.ts'
import type { StepContext } from '../operator.ts'
import { aliveRows, columnsOf, rowReader, selectRows } from '../page.ts'
import { KeyedRows, type Format } from './keyed-rows.ts'

/** Whatever JSON holds. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

export const jsonFormat: Format<Json> = {
  write: (value, writer) => writer.text(JSON.stringify(value)),
  read: reader => JSON.parse(reader.text()) as Json,
}

/**
 * A copy of a value that is JSON, so that what a function does to its state later changes nothing here; fields that are undefined are left
 * out. Throws for anything that would come back as something else after a restart.
 */
export function jsonOf(value: unknown, depth = 0): Json {
  if (depth > defaultLimits.jsonDepth) throw new TypeError(`the state is nested deeper than ${defaultLimits.jsonDepth}`)
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  // The sum makes 0 of −0, which JSON does not know.
  if (typeof value === 'number' && Number.isFinite(value)) return value + 0
  if (Array.isArray(value)) return Array.from(value, one => jsonOf(one, depth + 1))
  if (isPlainObject(value)) return fieldsOf(value, depth)
  if (value instanceof Promise) throw new TypeError('the function returned a promise; it must be synchronous')
  const kind = typeof value === 'object' ? (value.constructor?.name ?? 'an object') : typeof value === 'number' ? value : typeof value
  throw new TypeError(`the state must be JSON, not ${kind}`)
}

function fieldsOf(value: Row, depth: number): Json {
  const copy: Record<string, Json> = {}
  for (const name of Object.keys(value)) {
    if (value[name] === undefined) continue
    const field = jsonOf(value[name], depth + 1)
    // Assigned, this name would be the prototype.
    if (name === '__proto__') Object.defineProperty(copy, name, { value: field, enumerable: true, writable: true, configurable: true })
    else copy[name] = field
  }
  return copy
}

export function isPlainObject(value: unknown): value is Row {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

/** What the function is called with beside the row: a copy, so that one that throws half-way has changed nothing. */
type Step = (state: Json | undefined, row: Row, call: (state: Json, row: Row) => unknown) => unknown

export interface JsonStateOptions {
  readonly by: readonly string[] | undefined
  /** `module#export` */
  readonly reference: string
  readonly meaning: Readonly<Record<string, unknown>>
  /** The next state; what it throws makes the row a dead letter. */
  readonly next: Step
  /** The row that leaves. */
  readonly rowOf: (state: Json) => Row
}

export interface JsonState {
  /** The rows that leave, in place of those of the page. */
  fold(page: Page): Page
  save(): void
  fieldsOf(page: Page): readonly string[]
}

/** Builds the state of a step: each row of a page is folded into the state of its key, and the state leaves in its place. */
export async function jsonState(context: StepContext, options: JsonStateOptions): Promise<JsonState> {
  const { reference } = options
  const user = userFunction(await context.resolve(reference), reference)
  if (user.form !== 'rows') throw new EventStoreError('INVALID', `${reference} must be a function of a state and a row`, { reference })
  const call = user.run as unknown as (state: Json, row: Row) => unknown
  const rows = new KeyedRows<Json>(context, { by: options.by, meaning: options.meaning, format: jsonFormat, mayLeave: true })
  const dictionaries = new Map<string, TextDictionary>()
  return {
    save: () => rows.save(),
    fieldsOf: page => rows.fieldsOf(page),
    fold(page) {
      const alive = aliveRows(page)
      const ids = rows.idsOf(page, alive)
      const read = rowReader(user.reads === undefined ? withoutEnvelope(page) : page, user.reads)
      const made = new Array<Row | undefined>(page.count).fill(undefined)
      const good = new Int32Array(alive.length)
      let count = 0
      for (let i = 0; i < alive.length; i++) {
        const [row, id] = [alive[i] as number, ids[i] as number]
        context.beforeCall(page.order[row] as number)
        try {
          const state = jsonOf(options.next(rows.get(id), read(row), call))
          made[row] = options.rowOf(state)
          rows.put(id, state)
          good[count++] = row
        } catch (error) {
          context.dead(page, row, error)
        }
      }
      return selectRows({ ...page, columns: columnsOf(made, dictionaries) }, good.subarray(0, count))
    },
  }
}

/**
 * Columns of the envelope are there when any step of the topology asked for them: what a step makes of all columns must not depend on
 * what others ask for.
 */
export function withoutEnvelope(page: Page): Page {
  return { ...page, columns: new Map(Array.from(page.columns).filter(([name]) => !name.startsWith('$'))) }
}

/** The page with columns before its own; where both have one, the former stays. */
export function withFirstColumns(page: Page, names: readonly string[], from: Page): Page {
  const first = names.flatMap((name): [string, Column][] => {
    const column = from.columns.get(name)
    return column === undefined ? [] : [[name, column]]
  })
  return { ...page, columns: new Map([...first, ...Array.from(page.columns).filter(([name]) => !names.includes(name))]) }
}
