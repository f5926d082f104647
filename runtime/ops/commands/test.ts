/** `allsource test`: runs the tests beside topologies. */
import { resolve } from 'node:path'
import { command } from '../command.ts'
import { TestOutput } from '../test-output.ts'
import { threadOptions, unlessInterrupted } from '../user-code.ts'
import { text } from '../values.ts'

export const test = command({
  name: 'test',
  summary: 'Runs the tests beside topologies: given events, expected results.',
  arguments: {
    file: {
      value: text('FILE'),
      summary:
        'A topology (orders.yaml, with its tests in orders.test.yaml), a test file, or a directory that is searched. Default: the working directory.',
      many: true,
      optional: true,
    },
  },
  flags: {
    filter: { value: text('TEXT'), summary: 'Only tests whose name holds this text.' },
    update: { value: null, summary: 'Writes what came into the expect of tests that failed, or that expect nothing yet.' },
  },
  notes: [
    'Each test runs twice, in pages of one row and of many, and fails when that makes a difference. Time is virtual; tables and ' +
      'functions are those that the topology names. ' +
      'No store is opened, nothing is sent.',
    'Exit 1 when a test fails or a file has a mistake. With --json each test is one line, and the last line counts them.',
  ],
  examples: [
    { line: 'allsource test', does: 'all tests below this directory' },
    { line: 'allsource test orders.yaml --filter late', does: 'the tests of one topology that are about lateness' },
    { line: 'allsource test orders.yaml --update', does: 'take what came as what is expected; look at the difference before you keep it' },
  ],
  async run(call) {
    const { terminal, signal, workingDirectory } = call
    const { filter, update } = call.flags
    const { findTestFiles, runTestFile } = await import('../../index.ts')
    const paths = (call.arguments.file ?? ['.']).map(path => resolve(workingDirectory, path))
    const output = new TestOutput(terminal, resolve(workingDirectory))
    const options = {
      ...threadOptions(call),
      ...(filter !== undefined && { filter }),
      ...(update && { isUpdating: true }),
    }
    for (const path of await findTestFiles(paths)) {
      const report = await unlessInterrupted(signal, () => runTestFile(path, options))
      if (report === undefined || signal.aborted) return undefined
      await output.report(report)
    }
    await output.total(filter)
    return output.hasFailed ? 'failed' : undefined
  },
})
