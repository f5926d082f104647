/** `format`: writes a row as JSON, CSV or MessagePack into a column. */
import { EventStoreError } from '../event/error.ts'
import { packBytes } from '../event/payload.ts'
import { textColumn, valueAt } from './columns.ts'
import { withFields, type RowType } from './expressions/types.ts'
import type { Column, Page, Row } from './flow.ts'
import { onPage } from './lift.ts'
import { namesOf, type Names } from './names.ts'
import type { Operator, StepContext } from './operator.ts'
import { aliveRows, columnNamed, selectRows, withColumns } from './page.ts'
import { jsonText, plainValue } from './rows/plain.ts'
import { wholeRowReader } from './rows/whole-row.ts'

export interface FormatOptions {
  readonly as: 'json' | 'csv' | 'msgpack'
  readonly into: string
  readonly columns?: Names
}

export const format: Operator<FormatOptions> = {
  spec: {
    name: 'format',
    kind: 'stateless',
    summary: 'Writes the row as JSON, CSV or MessagePack into a column.',
    description:
      'The other columns stay. JSON is a text, in which bytes are `{ "$bytes": "<base64>" }`; CSV is one row without a line end, in which null ' +
      'is empty, an empty text `""`, and an object its JSON; MessagePack is bytes. Without `columns` all fields that are not null are written, ' +
      'by name; those of the envelope (`$stream` and so on) only when they are named. A row that can not be written is a dead letter.',
    options: {
      as: { type: 'choice', choices: ['json', 'csv', 'msgpack'], required: true, summary: 'What to write.' },
      into: { type: 'field', isForeign: true, required: true, summary: 'Column for it.' },
      columns: { type: 'fields', summary: 'Columns to write, or `{ "new name": "column" }`; for CSV required.', sample: ['celsius'] },
    },
    ports: { main: 'The rows with what was written.' },
  },
  example: {
    title: 'A message for somebody else',
    options: { as: 'json', into: 'message' },
    input: [{ topic: 'a', celsius: 20 }],
    output: { ports: { main: [{ topic: 'a', celsius: 20, message: '{"celsius":20,"topic":"a"}' }] } },
  },
  needs({ into, columns }, wanted) {
    const written = columns === undefined ? ['*'] : namesOf(columns).map(([, field]) => field)
    return new Set([...[...wanted('main')].filter(name => name !== into), ...written])
  },
  types(options, input): { main: RowType } {
    const { as, into } = checked(options)
    return { main: withFields(input, { [into]: as === 'msgpack' ? 'any' : 'text' }) }
  },
  create(options, context) {
    const { as, into, columns } = checked(options)
    const writer = writerOf(as, columns)
    return onPage((page, emit) => {
      const { values, good } = written(page, writer(page), context)
      const column = as === 'msgpack' ? { kind: 'value' as const, values } : textsAsSlices(values as readonly (string | null)[])
      emit(withColumns(good, [[into, column]]))
    })
  },
}

function checked(options: FormatOptions): FormatOptions {
  if (options.as !== 'csv' || options.columns !== undefined) return options
  throw new EventStoreError('INVALID', 'CSV has an order: option columns must say it', { option: 'columns' })
}

/** Writes the rows of a page; throws for one that can not be written. */
type Writer = (page: Page) => (row: number) => unknown

function writerOf(as: FormatOptions['as'], names: Names | undefined): Writer {
  if (as === 'csv') return page => csvWriter(page, names ?? [])
  const write: (row: Row) => unknown = as === 'json' ? jsonText : row => packBytes(plainValue(row))
  return page => {
    const read = wholeRowReader(page, names)
    return row => write(read(row))
  }
}

function written(
  page: Page,
  write: (row: number) => unknown,
  context: StepContext,
): { readonly values: readonly unknown[]; readonly good: Page } {
  const rows = aliveRows(page)
  const values = new Array<unknown>(page.count).fill(null)
  const good = new Int32Array(rows.length)
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    try {
      values[row] = write(row)
      good[count++] = row
    } catch (error) {
      context.dead(page, row, error)
    }
  }
  return { values, good: count === rows.length ? page : selectRows(page, good.subarray(0, count)) }
}

/** A pool has an end, as every text; a page of texts this long has none. */
const poolCharactersMax = 2 ** 28

/** Texts that are all different need no dictionary. */
function textsAsSlices(texts: readonly (string | null)[]): Column {
  const start = new Int32Array(texts.length)
  const length = new Int32Array(texts.length).fill(-1)
  let at = 0
  for (let row = 0; row < texts.length; row++) {
    const text = texts[row] ?? null
    if (text === null) continue
    start[row] = at
    length[row] = text.length
    at += text.length
  }
  return at > poolCharactersMax ? textColumn(texts) : { kind: 'slice', pool: texts.join(''), start, length }
}

/** One row as RFC 4180 has it. */
function csvWriter(page: Page, names: Names): (row: number) => string {
  const columns = namesOf(names).map(([, field]) => columnNamed(page, field))
  return row => columns.map(column => csvField(valueAt(column, row))).join(',')
}

/** A mark of byte order at the very front would not be read again, so it is quoted too. */
const quoted = /[",\r\n]|^$|^\ufeff/

function csvField(value: unknown): string {
  if (value === null) return ''
  const text = typeof value === 'object' ? jsonText(value) : String(value as string | number | boolean)
  return quoted.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
