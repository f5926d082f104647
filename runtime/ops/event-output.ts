/** Events and values as people and programs read them on stdout. */
import type { Event } from '../../event/event.ts'
import { jsonText, timeText } from '../../event/json-text.ts'
import { Table } from './table.ts'
import type { Terminal } from './terminal.ts'

/** Where events go, one at a time; `flush` when no more is there for now, `end` after the last. */
export interface EventWriter {
  event(event: Event): Promise<void>
  flush(): Promise<void>
}

/** Lines of JSON with `--json`, else a table: of one stream, or of many. */
export function eventWriter(terminal: Terminal, of: 'stream' | 'all'): EventWriter {
  if (terminal.json) return { event: event => terminal.line(eventLine(event)), flush: () => terminal.flush() }
  const version = { title: 'version', align: 'right' } as const
  const table = new Table(
    terminal,
    of === 'stream'
      ? [version, { title: 'time' }, { title: 'type' }, { title: 'data' }]
      : [{ title: 'position' }, { title: 'stream' }, version, { title: 'time' }, { title: 'type' }, { title: 'data' }],
  )
  const event = (one: Event): Promise<void> => {
    const cells = [String(one.version), timeText(one.time), one.type, dataText(one)]
    return table.row(of === 'stream' ? cells : [one.position, one.stream, ...cells])
  }
  return { event, flush: () => table.flush() }
}

/** The event as one line of JSON: times as ISO 8601, bytes as base64, no key that is not set. */
export function eventLine(event: Event): string {
  const { encoding, data, ...rest } = event
  const plain = { ...rest, time: timeText(event.time), recorded: timeText(event.recorded) }
  // JSON goes out as it came in.
  if (encoding === 'json' && data instanceof Uint8Array) return `${JSON.stringify(plain).slice(0, -1)},"data":${textOf(data)}}`
  return encoding === 'json' ? JSON.stringify({ ...plain, data }) : jsonText({ ...plain, data, encoding })
}

function dataText({ data, encoding }: Event): string {
  if (encoding === 'json' && data instanceof Uint8Array) return textOf(data)
  return data instanceof Uint8Array ? `${data.length} bytes` : encoding === 'json' ? JSON.stringify(data) : jsonText(data)
}

function textOf(json: Uint8Array): string {
  return Buffer.from(json.buffer, json.byteOffset, json.length).toString()
}
