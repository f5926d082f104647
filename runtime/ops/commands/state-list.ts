/** `allsource state list`: keys and values of a projection, in the order of the keys. */
import { command } from '../command.ts'
import { jsonText } from '../../../event/json-text.ts'
import { Table } from '../table.ts'
import { asOf, fieldValues, json, text, wholeNumber } from '../values.ts'

export const stateList = command({
  name: 'state list',
  summary: 'Lists keys and values of a projection.',
  arguments: { projection: { value: text('PROJECTION'), summary: 'Name of the projection.' } },
  flags: {
    prefix: { value: json, summary: 'Only keys that begin with these parts, as a JSON array.' },
    where: { value: fieldValues, many: true, summary: 'Only rows with these values in fields that the projection indexes.' },
    limit: { value: wholeNumber('N', 1), summary: 'Most keys to list.' },
    asOf: { value: asOf, summary: 'The rows as of a recorded time or a position: the topology is folded again up to there.' },
  },
  notes: ['With --json each key is one line, { key, value }.'],
  examples: [
    { line: 'allsource state list hourly-delays --limit 10', does: 'the first ten keys' },
    { line: `allsource state list orders --where 'status="open"' --where region='"north"'`, does: 'the rows that an index finds' },
    { line: `allsource state list hourly-delays --prefix '["JFK"]' --json`, does: 'all hours of one airport, a line of JSON each' },
  ],
  async run({ arguments: { projection }, flags: { prefix, where, limit, asOf: moment }, terminal, open, signal }) {
    const state = (await open()).state(projection)
    const table = new Table(terminal, [{ title: 'key' }, { title: 'value' }])
    let count = 0
    // A key of one part may be typed without its brackets.
    const parts = prefix === undefined || Array.isArray(prefix) ? prefix : [prefix]
    for await (const { key, value } of state.list({
      ...(parts === undefined ? {} : { prefix: parts }),
      ...(where === undefined ? {} : { where }),
      ...(limit === undefined ? {} : { limit }),
      ...(moment === undefined ? {} : { asOf: moment }),
    })) {
      if (signal.aborted) break
      count++
      if (terminal.json) await terminal.record({ key, value })
      else await table.row([jsonText(key), jsonText(value)])
    }
    await table.flush()
    if (count === 0) terminal.remark('no keys')
  },
})
