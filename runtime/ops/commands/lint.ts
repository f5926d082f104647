/** `allsource lint`: every mistake of topologies and their tests, with its place. */
import { resolve } from 'node:path'
import { command } from '../command.ts'
import { printFindings, printFindingRecords, remarkFindings } from '../lint-output.ts'
import { fileSummary, topologyPlace } from '../place.ts'
import { sarifOf } from '../sarif-output.ts'
import { threadOptions, unlessInterrupted } from '../user-code.ts'
import { oneOf, text } from '../values.ts'

export const lint = command({
  name: 'lint',
  summary: 'Checks topologies and the tests beside them; names every mistake with its place.',
  arguments: { file: { value: text('FILE'), summary: `${fileSummary} Or a test file.`, many: true } },
  flags: {
    format: {
      value: oneOf('text', 'json', 'sarif'),
      summary: 'Default: text; --json asks for json, a line for each finding. sarif: one document of SARIF 2.1.0.',
    },
    offline: { value: null, summary: 'Looks at the files alone: no module is imported, no table is read.' },
    strict: { value: null, summary: 'Warnings count as errors.' },
  },
  notes: [
    'Exit 1 when there is an error, 0 when there is nothing or only warnings. No store is opened.',
    'Functions and tables that a topology names must be there: modules are imported, tables are read, and columns are checked against both. ' +
      'For orders.yaml the tests in orders.test.yaml are checked, too.',
  ],
  examples: [
    { line: 'allsource lint orders.yaml', does: 'one topology and its tests' },
    { line: 'allsource lint topologies/*.yaml --strict', does: 'all of them, in a build' },
    { line: 'allsource lint orders.yaml --format sarif > orders.sarif', does: 'for code scanning' },
    { line: 'allsource lint orders.yaml --offline --json', does: 'for an editor: a line of JSON for each finding' },
  ],
  async run(call) {
    const { terminal, signal, workingDirectory } = call
    const { format, offline, strict } = call.flags
    const places = call.arguments.file.map(file => topologyPlace(file, workingDirectory))
    const { lintFile, lintRules } = await import('../../index.ts')
    const linted = new Map<string, Awaited<ReturnType<typeof lintFile>>[number]>()
    for (const place of places) {
      const options = { ...threadOptions(call), isOffline: offline === true }
      for (const one of (await unlessInterrupted(signal, () => lintFile(place, options))) ?? [])
        if (!linted.has(one.file)) linted.set(one.file, one)
      if (signal.aborted) return undefined
    }
    const files = [...linted.values()]
    const base = resolve(workingDirectory)
    const form = format ?? (terminal.json ? 'json' : 'text')
    if (form === 'sarif') await terminal.line(JSON.stringify(sarifOf(files, { base, rules: lintRules }), null, 2))
    else if (form === 'json') await printFindingRecords(terminal, files, base)
    else {
      await printFindings(terminal, files, base)
      remarkFindings(terminal, files)
    }
    const counts = files.flatMap(({ findings }) => findings).some(({ severity }) => severity === 'error' || strict)
    return counts ? 'failed' : undefined
  },
})
