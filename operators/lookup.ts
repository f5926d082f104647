/** `lookup`: joins each row with the row of its key in a table. */
import { EventStoreError } from '../event/error.ts'
import { withFields, type ValueType } from './expressions/types.ts'
import type { Page } from './flow.ts'
import { onPage } from './lift.ts'
import { namesOf, type Names } from './names.ts'
import type { Operator } from './operator.ts'
import { aliveCount, aliveRows, selectRows, withColumns } from './page.ts'
import { checkLookUp, type Found, type LookUp, lookUpNeeds, lookUpStep } from './rows/looked-up.ts'

const kinds = ['inner', 'left', 'semi', 'anti'] as const

export interface LookupOptions extends Omit<LookUp, 'take'> {
  readonly kind?: (typeof kinds)[number]
  readonly take?: Names
}

export const lookup: Operator<LookupOptions> = {
  spec: {
    name: 'lookup',
    kind: 'stateless',
    summary: 'Joins each row with the row of its key in a table: a file, or a projection.',
    description:
      'The table is that of `enrich`, and so is how its keys are compared: a file is read whole when the topology starts; a projection of the ' +
      'same topology is seen as it stood at that point of the log, one of another topology as it stands when the row is worked on, which is ' +
      'its processing time. The two differ in what becomes of a row that finds nothing: here `kind` says it, in the words of joins, and no ' +
      'row is given up. Null matches nothing. (Flink: lookup join; Kafka Streams: a join with a GlobalKTable.)',
    options: {
      table: {
        type: 'table',
        required: true,
        summary:
          '`{ file, key, format? }`: path or URL beside the module of the topology, and its columns to look up; or `{ projection }`.',
      },
      match: { type: 'field', orList: true, required: true, summary: 'Column whose value is looked up; a list when the key has several.' },
      take: { type: 'fields', isForeign: true, summary: 'Columns of the table to add, or `{ "new name": "column" }`.' },
      kind: {
        type: 'choice',
        choices: kinds,
        default: 'inner',
        summary:
          '`inner`: rows that find one; `left`: all rows, with null where they find none; `semi`: rows that find one, as they are; `anti`: ' +
          'those that find none.',
        sample: 'left',
      },
    },
    ports: { main: 'The rows that `kind` says, with the columns taken.' },
    stateVersion: 1,
    keeps: 'the last row of each key, of a projection of this topology',
  },
  example: {
    title: 'The state of an airport, and no others',
    options: {
      table: { file: 'data:text/csv,iata,state%0AJFK,NY%0A"BOS","MA"', key: 'iata', format: 'csv' },
      match: 'origin',
      take: ['state'],
    },
    input: [{ origin: 'BOS' }, { origin: '???' }, { origin: 'JFK' }, { origin: null }],
    output: {
      ports: {
        main: [
          { origin: 'BOS', state: 'MA' },
          { origin: 'JFK', state: 'NY' },
        ],
      },
    },
  },
  needs(options, wanted) {
    const added = new Set(namesOf(options.take ?? []).map(([name]) => name))
    return new Set([...[...wanted('main')].filter(name => !added.has(name)), ...lookUpNeeds(whole(options))])
  },
  types(options, input) {
    const { take } = whole(options)
    checkLookUp(whole(options))
    return { main: withFields(input, Object.fromEntries(namesOf(take).map(([name]): [string, ValueType] => [name, 'any']))) }
  },
  async create(options, context) {
    const { kind = 'inner' } = options
    return onPage(await lookUpStep(whole(options), context, (page, found) => chosen(page, found, kind)))
  },
}

/** INVALID when columns are taken of a row that is not joined. */
function whole({ take = [], kind, ...options }: LookupOptions): LookUp {
  if ((kind === 'semi' || kind === 'anti') && namesOf(take).length > 0)
    throw new EventStoreError('INVALID', `kind: ${kind} gives rows as they are, so it takes nothing of the table`, { option: 'take' })
  return { ...options, take }
}

function chosen(page: Page, found: Found, kind: NonNullable<LookupOptions['kind']>): Page {
  const placed = withColumns(page, found.columns)
  const isWanted = kind === 'anti' ? (row: number) => !found.has(row) : found.has
  const count = kind === 'anti' ? found.missing : aliveCount(page) - found.missing
  if (kind === 'left' || count === aliveCount(page)) return placed
  const rows = new Int32Array(count)
  let at = 0
  for (const row of aliveRows(page)) if (isWanted(row)) rows[at++] = row
  return selectRows(placed, rows)
}
