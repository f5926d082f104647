/** `allsource explain`: what a topology will do, before it does it. */
import { explainPlan } from '../../../topology/explain.ts'
import { explanationMermaid, explanationText } from '../../../topology/explain-text.ts'
import { command } from '../command.ts'
import { fileSummary, topologyPlace } from '../place.ts'
import { threadOptions, unlessInterrupted } from '../user-code.ts'
import { oneOf, text, wholeNumber } from '../values.ts'

export const explain = command({
  name: 'explain',
  summary: 'Explains what a topology will do: columns decoded, steps, keys, state, threads.',
  arguments: { file: { value: text('FILE'), summary: fileSummary } },
  flags: {
    format: { value: oneOf('text', 'mermaid', 'json'), summary: 'Default: text; --json asks for json.' },
    workers: { value: wholeNumber('W', 1), summary: 'As it would run in so many lanes; one when left out.' },
  },
  notes: [
    'No store is opened. Functions that the topology names are loaded, for the columns they declare to read and write.',
    'mermaid is a flowchart for pages that draw them (https://mermaid.js.org).',
  ],
  examples: [
    { line: 'allsource explain orders.yaml', does: 'step by step' },
    { line: 'allsource explain orders.yaml --format mermaid > orders.mmd', does: 'as a diagram' },
    { line: 'allsource explain orders.ts --json | jq .source.decodes', does: 'the columns that are read of the log' },
  ],
  async run(call) {
    const { flags, terminal, signal } = call
    const place = topologyPlace(call.arguments.file, call.workingDirectory)
    const { planFile } = await import('../../index.ts')
    const plan = await unlessInterrupted(signal, () => planFile(place, threadOptions(call)))
    if (plan === undefined) return
    const explanation = explainPlan(plan, flags)
    const format = flags.format ?? (terminal.json ? 'json' : 'text')
    if (format === 'json') await terminal.record(explanation)
    else await terminal.line(format === 'mermaid' ? explanationMermaid(explanation) : explanationText(explanation))
  },
})
