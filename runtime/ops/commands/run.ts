/** `allsource run --dry`: what a topology would do with the events that are there. */
import { EventStoreError } from '../../../event/error.ts'
import { command } from '../command.ts'
import { printDryRun } from '../dry-run-output.ts'
import { fileSummary, topologyPlace } from '../place.ts'
import { threadOptions, unlessInterrupted } from '../user-code.ts'
import { position, text, wholeNumber } from '../values.ts'

const sampleDefault = 1000
/** First rows of each sink, and dead letters, that are kept. */
const keep = 10

export const run = command({
  name: 'run',
  summary: 'Runs a topology over the first events of the store and writes nothing: --dry.',
  arguments: { file: { value: text('FILE'), summary: fileSummary } },
  flags: {
    dry: { value: null, summary: 'Needed: sinks write and send nothing. deploy is what runs a topology for good.' },
    sample: { value: wholeNumber('N', 1), summary: `How many events, or rows of a generator, are taken. Default ${sampleDefault}.` },
    from: { value: position, summary: 'Begins after this position, as read prints it. Default: with the first event.' },
  },
  notes: [
    'The table shows for each step the rows in, out, late, suspect and given up. With --json there is more: the first rows that ' +
      'each sink would have got, and the first dead letters.',
    'Only events that the topology follows count. They are taken as the whole input, so windows that are open at the end close. ' +
      'A function that does not return is named, exit 2.',
  ],
  examples: [
    { line: 'allsource run orders.yaml --dry', does: 'over the first 1000 events it follows' },
    { line: 'allsource run orders.yaml --dry --sample 20 --json | jq .outputs', does: 'what the sinks would have got' },
  ],
  async run(call) {
    const { terminal, open, signal } = call
    const { dry, sample = sampleDefault, from } = call.flags
    if (!dry)
      throw new EventStoreError('INVALID', 'say --dry to see what the topology would do; allsource deploy runs it for good', {
        field: '--dry',
      })
    const place = topologyPlace(call.arguments.file, call.workingDirectory)
    const { dryRun } = await import('../../index.ts')
    const options = { ...threadOptions(call), sample, keep, open, ...(from !== undefined && { from }) }
    const answer = await unlessInterrupted(signal, () => dryRun(place, options))
    if (answer !== undefined) await printDryRun(terminal, answer)
  },
})
