/** `allsource expr`: an expression tried on a row or an event, before it goes into a topology. */
import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { EventStoreError, isEventStoreError } from '../../../event/error.ts'
import type { TriedExpression } from '../../index.ts'
import { type Call, command } from '../command.ts'
import { jsonText, timeText } from '../../../event/json-text.ts'
import { existingFile } from '../place.ts'
import { rowsOf } from '../rows-input.ts'
import { placeOfOffset, underlined } from '../source-text.ts'
import { visible } from '../terminal.ts'
import { json, text } from '../values.ts'

export const expr = command({
  name: 'expr',
  summary: 'Evaluates an expression over a row or an event, as a topology would.',
  arguments: { expression: { value: text('EXPRESSION'), summary: 'The expression, in Postgres syntax over the columns of a row.' } },
  flags: {
    on: {
      value: text('FILE|-'),
      summary: 'Rows as JSON: one object, a list of them, or one a line; - is standard input. Only for an expression that reads columns.',
    },
    type: { value: text('TYPE'), summary: 'The type the expression must have, such as boolean for a condition.' },
    fields: { value: json, summary: 'The columns there are and their types, {"total":"number"}; others are then mistakes.' },
  },
  notes: [
    'An object is a row whose fields are the columns. An event as read --json prints it is one, too: the fields of its data are the columns, ' +
      'and its envelope is $stream, $type, $id, $time, $recorded, $version, $partition and $sequence.',
    'Each row gives one line, in order. With --json it is { value, type }, or { error } for a row the expression fails on, as on ' +
      'a division by zero: ' +
      'in a topology such a row is a dead letter. Exit 2 when the expression is not valid, 1 when it fails on a row.',
  ],
  examples: [
    { line: `allsource expr "price * quantity > 100" --on order.json`, does: 'a condition over one row' },
    {
      line: `allsource read --all --types order.placed --json | allsource expr "upper(customer)" --on -`,
      does: 'over stored events, a line each',
    },
    {
      line: `allsource expr "total / 100" --on order.json --fields '{"total":"integer"}' --json`,
      does: 'with the types of the columns, and that of the value',
    },
    { line: `allsource expr "timestamp '2026-01-31' + interval '1 month'"`, does: 'without a row' },
  ],
  async run(call) {
    const {
      arguments: { expression },
      flags,
      terminal,
    } = call
    const tried = await triedExpression(call)
    const [column] = tried.reads
    if (flags.on === undefined && column !== undefined)
      throw new EventStoreError(
        'INVALID',
        `it reads the column ${column}, and there is no row: give --on FILE, or --on - for standard input`,
        {
          field: '--on',
        },
      )
    let hasFailed = false
    for await (const { row, number } of flags.on === undefined ? oneEmptyRow() : rowsOf(inputOf(flags.on, call), nameOf(flags.on))) {
      if (call.signal.aborted) break
      try {
        const value = tried.valueOf(row)
        await (terminal.json ? terminal.record({ value: value ?? null, type: tried.type }) : terminal.line(valueText(value, tried)))
      } catch (error) {
        if (!isEventStoreError(error)) throw error
        hasFailed = true
        const { code, message } = error
        if (terminal.json) await terminal.record({ error: { code, message, row: number } })
        else
          terminal.failure({
            code,
            message: `row ${number}: ${message}\n${underlinedPart(expression, error)}`.trimEnd(),
            details: {},
            next: null,
          })
      }
    }
    return hasFailed ? 'failed' : undefined
  },
})

type ExprCall = Call<
  { readonly expression: string },
  { readonly on: string | undefined; readonly type: string | undefined; readonly fields: unknown }
>

/** INVALID with the part to blame underlined, for people. */
async function triedExpression({ arguments: { expression }, flags: { type, fields }, terminal }: ExprCall): Promise<TriedExpression> {
  if (fields !== undefined && (typeof fields !== 'object' || fields === null || Array.isArray(fields)))
    throw new EventStoreError('INVALID', '--fields must be an object of columns and their types: {"total":"number"}', { field: '--fields' })
  const { tryExpression } = await import('../../index.ts')
  try {
    return tryExpression(expression, {
      ...(fields !== undefined && { fields: fields as Readonly<Record<string, unknown>> }),
      ...(type !== undefined && { wanted: type }),
    })
  } catch (error) {
    if (!isEventStoreError(error) || terminal.json) throw error
    throw new EventStoreError(error.code, `${error.message}\n${underlinedPart(expression, error)}`.trimEnd(), error.details, {
      cause: error,
    })
  }
}

function underlinedPart(expression: string, { details: { offset, length } }: EventStoreError): string {
  if (typeof offset !== 'number') return ''
  const lines = underlined(expression, placeOfOffset(expression, offset, typeof length === 'number' ? length : 1))
  return lines.map(line => `  ${line}`).join('\n')
}

function inputOf(on: string, { input, workingDirectory }: Pick<Call, 'input' | 'workingDirectory'>): Readable {
  if (on === '-') return input
  return createReadStream(existingFile(resolve(workingDirectory, on)))
}

function nameOf(on: string): string {
  return on === '-' ? 'standard input' : on
}

async function* oneEmptyRow(): AsyncGenerator<{ row: Readonly<Record<string, unknown>>; number: number }> {
  yield { row: {}, number: 1 }
}

/** Texts as they are, times as ISO 8601, the rest as JSON. */
function valueText(value: unknown, { type }: TriedExpression): string {
  if (typeof value === 'string') return visible(value)
  return type === 'timestamp' && typeof value === 'number' ? timeText(value) : visible(jsonText(value ?? null))
}
