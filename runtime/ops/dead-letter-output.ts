/** Dead letters as people and programs read them. */
import type { DeadLetter } from '../index.ts'
import { jsonText, timeText } from '../../event/json-text.ts'
import { Table } from './table.ts'
import { type Terminal, visible } from './terminal.ts'

/** A table for people, or lines of JSON; answers how many there were. */
export async function printLetters(terminal: Terminal, letters: AsyncIterable<DeadLetter>, signal: AbortSignal): Promise<number> {
  const right = { align: 'right' } as const
  const titles = [{ title: 'id', ...right }, { title: 'status' }, { title: 'step' }, { title: 'time' }, { title: 'cause' }]
  const table = new Table(terminal, titles)
  let count = 0
  for await (const letter of letters) {
    if (signal.aborted) break
    count++
    const { id, status, step, recorded } = letter
    if (terminal.json) await terminal.record(letterRecord(letter))
    else await table.row([String(id), status, step, timeText(recorded), causeOf(letter)])
  }
  await table.flush()
  return count
}

/** Of a row that was never tried it is worth saying which one it waits for. */
function causeOf({ cause, waits, behind, status }: DeadLetter): string {
  if (!waits || status !== 'open') return cause
  return behind === undefined ? 'waited behind a letter that is handled now' : `waits behind letter ${behind}`
}

export async function printLetter(terminal: Terminal, letter: DeadLetter): Promise<void> {
  if (terminal.json) return terminal.record(letterRecord(letter))
  const { row, payload, ...rest } = letterRecord(letter)
  const width = Math.max(...Object.keys(rest).map(name => name.length))
  for (const [name, value] of Object.entries(rest))
    await terminal.line(`${name.padEnd(width)}  ${visible(typeof value === 'string' ? value : jsonText(value))}`)
  for (const [name, value] of Object.entries({ row, payload }))
    await terminal.line(`${terminal.colours.bold(name)}\n${visible(jsonText(value, 2))}`)
}

/** Times as ISO 8601. */
function letterRecord(letter: DeadLetter): Record<string, unknown> {
  const { recorded, handled, eventTime, ...rest } = letter
  return {
    ...rest,
    recorded: timeText(recorded),
    ...(eventTime !== undefined && { eventTime: timeText(eventTime) }),
    ...(handled !== undefined && { handled: timeText(handled) }),
  }
}
