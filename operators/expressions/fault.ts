/** What is wrong with an expression, with the part of the text to blame. */
import { EventStoreError } from '../../event/error.ts'

/** A stretch of the text of an expression. */
export interface Span {
  readonly offset: number
  readonly length: number
}

/** Bytes are not worth counting here: this is what a person can still read, many times over. */
export const textCharactersMax = 65_536
/** Parentheses, calls, `case` and the like within each other. */
export const nestingMax = 200
/** Operators one behind the other count too, for the tree they make is as deep. */
export const depthMax = 1000
export const nodesMax = 10_000

/** A text longer than this comes of a mistake, such as a repeat by a price. */
export const resultCharactersMax = 16 * 1024 * 1024

/** The error to throw at a mistake in the text. */
export function fault(expression: string, { offset, length }: Span, sentence: string): EventStoreError {
  return new EventStoreError('INVALID', sentence, { expression, offset, length })
}

/** The error of one row; the text is known where the row is given up. */
export function rowFault(sentence: string, details: Readonly<Record<string, unknown>> = {}): EventStoreError {
  return new EventStoreError('INVALID', sentence, details)
}

/** The stretch from the start of one to the end of another. */
export function spanning(first: Span, last: Span): Span {
  return { offset: first.offset, length: Math.max(last.offset + last.length - first.offset, 0) }
}

/** The text, unless it is longer than a row can need. */
export function bounded(text: string): string {
  boundedLength(text.length)
  return text
}

export function boundedLength(length: number): number {
  if (length > resultCharactersMax) throw rowFault(`a text would have more than ${resultCharactersMax} characters`)
  return length
}
