/** Checks of what all events are filtered by, at the call: of an embedded node and of one elsewhere. */
import { EventStoreError } from './error.ts'
import type { EventFilter } from './event-store.ts'

function checkTexts(given: unknown, field: string): void {
  if (given !== undefined && !(Array.isArray(given) && given.every(isText)))
    throw new EventStoreError('INVALID', `${field} must be a list of texts of well-formed Unicode`, { field })
}

const isText = (given: unknown): boolean => typeof given === 'string' && given.isWellFormed()

/** INVALID names the field. */
export function checkFilter(filter: EventFilter): void {
  for (const field of ['types', 'categories', 'tags'] as const) checkTexts(filter[field], field)
  checkTexts(correlationIds(filter), 'correlation')
}

/** The correlation ids asked for, of which there may be one alone. */
export function correlationIds({ correlation }: Pick<EventFilter, 'correlation'>): readonly string[] | undefined {
  return typeof correlation === 'string' ? [correlation] : correlation
}
