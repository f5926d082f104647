/** What went wrong, as plain data that crosses a thread: an error of ours keeps its code, any other its words. */
import { type ErrorCode, type ErrorDetails, EventStoreError, fromPlainError } from '../event/error.ts'

export interface PlainFailure {
  /** Null for an error that is none of ours. */
  readonly code: ErrorCode | null
  readonly message: string
  readonly details: ErrorDetails
}

export function plainFailure(error: unknown): PlainFailure {
  if (error instanceof EventStoreError) return error.toJSON()
  return { code: null, message: error instanceof Error ? (error.stack ?? error.message) : String(error), details: {} }
}

export function errorOf({ code, message, details }: PlainFailure): Error {
  return code === null ? new Error(message) : fromPlainError({ code, message, details })
}
