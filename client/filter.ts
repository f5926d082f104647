/** What a read or a follow of all lets pass, as parameters; checked at the call, as an embedded node does. */
import type { EventFilter, Moment } from '../event/event-store.ts'
import { invalid } from './read-options.ts'
import type { QueryValue } from './wire.ts'

export interface Passing {
  readonly query: Readonly<Record<string, QueryValue>>
  /** Nothing can pass, which no parameter says. */
  readonly isOfNothing: boolean
}

export function passing(filter: EventFilter & { readonly since?: Moment; readonly until?: Moment }): Passing {
  const { types, categories, tags, system } = filter
  const correlation = typeof filter.correlation === 'string' ? [filter.correlation] : filter.correlation
  const lists = { types, categories, tags, correlation }
  for (const [field, list] of Object.entries(lists)) checkTexts(list, field)
  const [since, until] = [momentText(filter.since, 'since'), momentText(filter.until, 'until')]
  // All of no tags is what every event has; one of none of the others is what no event is.
  const isOfNothing = [types, categories, correlation].some(list => list?.length === 0)
  return { query: { ...lists, system, since, until }, isOfNothing }
}

function checkTexts(list: unknown, field: string): void {
  if (list !== undefined && !(Array.isArray(list) && list.every(text => typeof text === 'string' && text.isWellFormed())))
    throw invalid(field, 'must be a list of texts of well-formed Unicode')
}

/** At least a whole date, so that a number in quotes is not taken for a year. */
const ISO_DATE = /^[+-]?\d{4,6}-\d\d-\d\d/
/** Of a `Date`; nothing is recorded later. */
const lastMs = 8.64e15

/** Whole milliseconds; what was recorded in a millisecond was recorded at its begin. */
function momentText(moment: Moment | undefined, field: string): string | undefined {
  if (moment === undefined) return undefined
  const isText = typeof moment === 'string' && ISO_DATE.test(moment)
  const ms = typeof moment === 'number' ? moment : isText || moment instanceof Date ? new Date(moment).getTime() : Number.NaN
  if (!Number.isFinite(ms)) throw invalid(field, 'must be milliseconds since the epoch, a Date or ISO 8601')
  return String(Math.min(lastMs, Math.max(0, Math.ceil(ms))))
}
