/** Rows from JSON: one object over many lines, or one a line as they come; events that `read --json` printed give their data. */
import type { Readable } from 'node:stream'
import { EventStoreError } from '../../event/error.ts'

export type InputRow = Readonly<Record<string, unknown>>

/** Numbers of rows are counted from 1. */
export interface NumberedRow {
  readonly row: InputRow
  readonly number: number
}

/** INVALID for what is not JSON, or holds something else than objects. */
export async function* rowsOf(input: Readable | AsyncIterable<Buffer>, name: string): AsyncGenerator<NumberedRow> {
  let number = 0
  let whole: string | undefined
  for await (const line of linesOf(input)) {
    if (whole !== undefined) whole += `\n${line}`
    else if (line.trim() !== '') {
      const value = parsed(line)
      // The first line tells: one that is no value by itself begins one over many lines.
      if (value === undefined && number === 0) whole = line
      else for (const one of valuesIn(value, `line ${number + 1} of ${name}`)) yield { row: rowOf(one), number: ++number }
    }
  }
  if (whole === undefined) return
  for (const one of valuesIn(parsed(whole), name)) yield { row: rowOf(one), number: ++number }
}

async function* linesOf(input: Readable | AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: false })
  let rest = ''
  for await (const chunk of input) {
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  yield rest + decoder.decode()
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function* valuesIn(value: unknown, where: string): Generator<InputRow> {
  if (value === undefined) throw new EventStoreError('INVALID', `${where} is not JSON`, { field: '--on' })
  for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
    if (typeof one !== 'object' || one === null || Array.isArray(one))
      throw new EventStoreError('INVALID', `${where} is not a JSON object, whose fields are the columns`, { field: '--on' })
    yield one as InputRow
  }
}

/** The columns of a stored event are the fields of its data, and its envelope. */
function rowOf(value: InputRow): InputRow {
  const { stream, type, id, time, recorded, version, partition, sequence, data } = value
  if (typeof stream !== 'string' || typeof type !== 'string' || !Object.hasOwn(value, 'data')) return value
  const fields = typeof data === 'object' && data !== null && !Array.isArray(data) && value['encoding'] !== 'bytes' ? data : {}
  const envelope = { $stream: stream, $type: type, $id: id, $time: msOf(time), $recorded: msOf(recorded) }
  const numbers = { $version: version, $partition: partition, $sequence: sequence }
  const known = Object.entries({ ...envelope, ...numbers }).filter(([, one]) => one !== undefined)
  return { ...fields, ...Object.fromEntries(known) }
}

function msOf(time: unknown): unknown {
  return typeof time === 'string' ? Date.parse(time) : time
}
