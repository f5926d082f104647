/** `projection`: puts each row under its key where readers look it up. */
import { EventStoreError } from '../event/error.ts'
import { valueAt } from './columns.ts'
import { envelopeTypes, type RowType } from './expressions/types.ts'
import { namesOf, type Names } from './names.ts'
import { onPage } from './lift.ts'
import type { Operator } from './operator.ts'
import { aliveRows, columnNamed } from './page.ts'
import { wholeRowReader } from './rows/whole-row.ts'

export interface ProjectionOptions {
  readonly name: string
  readonly key: readonly string[]
  readonly value?: Names
  readonly index?: readonly string[]
}

export const projection: Operator<ProjectionOptions> = {
  spec: {
    name: 'projection',
    kind: 'sink',
    summary: 'Puts each row under its key; the last row of a key stays.',
    description:
      'Readers see a row as soon as its page went through, with the position it reflects; it is durable with the epoch. A value that is no ' +
      'JSON is a dead letter.',
    options: {
      name: { type: 'text', required: true, summary: 'Name under which readers find it.' },
      key: { type: 'list', required: true, summary: 'Columns that are the key, in order.' },
      value: {
        type: 'fields',
        summary: 'Columns of the value, or `{ "new name": "column" }`; all of the data that are not null when left out.',
      },
      index: {
        type: 'texts',
        summary:
          'Fields of the value by which rows are found: `list({ where: { field: value } })`. Each costs a look at the row before, once an epoch.',
        sample: ['celsius'],
      },
    },
    ports: {},
  },
  example: {
    title: 'The latest reading of each sensor',
    options: { name: 'readings', key: ['sensor'], value: { celsius: 'value' }, index: ['celsius'] },
    input: [{ sensor: 'a', value: 20 }, { sensor: 'b', value: 18 }, { sensor: 'a', value: 21 }, 'barrier'],
    output: {
      projection: [
        [['a'], { celsius: 20 }],
        [['b'], { celsius: 18 }],
        [['a'], { celsius: 21 }],
      ],
    },
  },
  needs: options => new Set([...options.key, ...(options.value === undefined ? ['*'] : namesOf(options.value).map(([, field]) => field))]),
  types({ value, index = [] }, input) {
    const names = value === undefined ? dataOf(input) : namesOf(value).map(([name]) => name)
    const missing = names && index.findIndex(field => !names.includes(field))
    if (names === undefined || missing === undefined || missing < 0) return {}
    const message = `the value has no field ${index[missing]} to index (it has: ${names.join(', ') || 'none'})`
    throw new EventStoreError('INVALID', message, { option: `index.${missing}` })
  },
  create(options, context) {
    const writer = context.projection(options.name)
    return onPage(page => {
      const keys = options.key.map(field => columnNamed(page, field))
      const value = wholeRowReader(page, options.value)
      for (const row of aliveRows(page)) {
        try {
          writer.put(
            keys.map(column => valueAt(column, row)),
            value(row),
            page.order[row] as number,
          )
        } catch (error) {
          // What JSON has no word for.
          context.dead(page, row, error)
        }
      }
    })
  },
}

/** The columns of the data; undefined when there may be any. */
function dataOf(input: RowType): readonly string[] | undefined {
  return input.isOpen ? undefined : Object.keys(input.fields).filter(name => !Object.hasOwn(envelopeTypes, name))
}
