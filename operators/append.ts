/** `append`: writes each row as an event into a stream of the log. */
import { EventStoreError } from '../event/error.ts'
import type { NewEvent } from '../event/event.ts'
import { isSystemStream } from '../event/stream-id.ts'
import { namesOf, templateOf, type Names } from './names.ts'
import { onPage } from './lift.ts'
import type { Operator } from './operator.ts'
import { aliveRows } from './page.ts'
import { wholeRowReader } from './rows/whole-row.ts'

export interface AppendOptions {
  readonly stream: string
  readonly type: string
  readonly data?: Names
}

export const append: Operator<AppendOptions> = {
  spec: {
    name: 'append',
    kind: 'sink',
    summary: 'Writes each row as an event into a stream.',
    description:
      'Events leave with the epoch and are numbered by the runtime, so that none is lost or doubled by a crash. The event time of the row, ' +
      'when it has one, is the `time` of the event. A row for which the name of the stream can not be made is a dead letter.',
    options: {
      stream: { type: 'template', required: true, summary: 'Stream, with columns in braces: `airport-{origin}`; `{{` stands for a brace.' },
      type: { type: 'template', required: true, summary: 'Type of the events; columns in braces as well.' },
      data: {
        type: 'fields',
        summary: 'Columns of the data, or `{ "new name": "column" }`; all of the data that are not null when left out.',
      },
    },
    ports: {},
    stateVersion: 1,
    keeps: 'the number of its last event in each partition',
  },
  example: {
    title: 'Late flights to a stream of their airport',
    options: { stream: 'late-{origin}', type: 'flight.late', data: ['delay'] },
    input: [{ origin: 'JFK', delay: 3 }, { origin: null, delay: 4 }, 'barrier'],
    output: { outbox: [['late-JFK', { type: 'flight.late', data: { delay: 3 } }]], dead: [1] },
  },
  needs(options) {
    const data = options.data === undefined ? ['*'] : namesOf(options.data).map(([, field]) => field)
    return new Set([...templateOf(options.stream).fields, ...templateOf(options.type).fields, ...data])
  },
  types({ stream }) {
    if (isSystemStream(stream)) throw new EventStoreError('INVALID', refusal(stream), { option: 'stream' })
    return {}
  },
  create(options, context) {
    const outbox = context.outbox()
    const [stream, type] = [templateOf(options.stream), templateOf(options.type)]
    return onPage(page => {
      const [streamOf, typeOf, dataOf] = [stream.of(page), type.of(page), wholeRowReader(page, options.data)]
      for (const row of aliveRows(page)) {
        try {
          const event: NewEvent = { type: typeOf(row), data: dataOf(row) }
          outbox.append(streamOf(row), page.eventTime ? { ...event, time: page.eventTime[row] as number } : event)
        } catch (error) {
          context.dead(page, row, error)
        }
      }
    })
  },
}

function refusal(stream: string): string {
  const cure = /^\$\{[^{}]+\}/.test(stream) ? '; a template is {user}, and ${user} is not replaced' : ''
  return `streams that begin with $ are the store's own, and nothing can be appended to ${stream}${cure}`
}
