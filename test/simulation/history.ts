/** What clients asked and were told, one line an operation: the format that checkers written by others read as well. */
import { EventStoreError } from '../../event/error.ts'

export interface Operation {
  /** A sequential client; after an `unknown` it goes on under a new number. */
  readonly client: number
  /** `final`: the whole stream, once, after all faults have healed. */
  readonly op: 'append' | 'read' | 'final'
  readonly stream: string
  /** 0 = no events; absent: any. */
  readonly expectedVersion?: number | 'none' | 'exists' | 'any'
  /** Ids: what was to be written, or the whole stream as it was read. */
  readonly events: readonly string[]
  /** `fail`: certainly not applied; `unknown`: it may be applied, now or later. */
  readonly result: 'ok' | 'conflict' | 'fail' | 'unknown'
  /** Of the last event written, or the version that a conflict named. */
  readonly version?: number
  /** Of a read; `leader` when absent. */
  readonly level?: 'leader' | 'atLeast' | 'any'
  /** Of one clock for all clients, nanoseconds. */
  readonly start: number
  readonly end: number
}

export function historyText(operations: readonly Operation[]): string {
  return operations.map(operation => `${JSON.stringify(operation)}\n`).join('')
}

const ops: readonly string[] = ['append', 'read', 'final'] satisfies Operation['op'][]
const results: readonly string[] = ['ok', 'conflict', 'fail', 'unknown'] satisfies Operation['result'][]

/** INVALID for a line that is no operation: a checker that passes over lines proves nothing. */
export function readHistory(text: string): Operation[] {
  return text
    .split('\n')
    .map((line, i) => ({ line, number: i + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => {
      const operation = parsed(line) as Operation
      const isWhole =
        typeof operation === 'object' &&
        operation !== null &&
        ops.includes(operation.op) &&
        results.includes(operation.result) &&
        typeof operation.client === 'number' &&
        typeof operation.stream === 'string' &&
        Array.isArray(operation.events) &&
        operation.start <= operation.end
      if (!isWhole) throw new EventStoreError('INVALID', `line ${number} of the history is no operation: ${line.slice(0, 120)}`)
      return operation
    })
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
