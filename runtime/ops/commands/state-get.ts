/** `allsource state get`: the value a topology folded for one key. */
import { EventStoreError } from '../../../event/error.ts'
import { command } from '../command.ts'
import { jsonText } from '../../../event/json-text.ts'
import { asOf, json, text } from '../values.ts'

export const stateGet = command({
  name: 'state get',
  summary: 'Prints the value of one key of a projection.',
  arguments: {
    projection: { value: text('PROJECTION'), summary: 'Name of the projection.' },
    key: { value: json, summary: 'The key as JSON, as state list prints it.' },
  },
  flags: { asOf: { value: asOf, summary: 'The value as of a recorded time or a position: the topology is folded again up to there.' } },
  notes: [
    'With --json the answer is { key, value, position, durable }: the value reflects every event up to the position, and ' +
      'durable says whether that is on disk yet. A key that is not there is NOT_FOUND, exit 1.',
  ],
  examples: [
    { line: `allsource state get hourly-delays '["JFK",978307200000]'`, does: 'one airport in one hour' },
    { line: `allsource state get totals '"order-17"' --as-of 2026-01-31T12:00:00Z`, does: 'what it was at noon' },
    { line: `allsource state get totals '"order-17"' --json`, does: 'a key that is a text, with its position' },
  ],
  async run({ arguments: { projection, key }, flags, terminal, open }) {
    const found = await (await open()).state(projection).get(key, flags.asOf === undefined ? {} : { asOf: flags.asOf })
    if (!found) throw new EventStoreError('NOT_FOUND', `projection ${projection} has no key ${JSON.stringify(key)}`, { projection, key })
    await terminal.line(terminal.json ? jsonText(found) : jsonText(found.value, 2))
  },
})
