/** `allsource dead-letters`: rows that a topology gave up: looked at, sent back to their step, or put away. */
import { EventStoreError } from '../../../event/error.ts'
import type { DeadLetterChoice, HandledLetters } from '../../index.ts'
import { type Call, command } from '../command.ts'
import { printLetter, printLetters } from '../dead-letter-output.ts'
import { json, oneOf, text, wholeNumber } from '../values.ts'

const topology = { value: text('TOPOLOGY'), summary: 'Name of the topology, as topologies lists it.' } as const
const id = wholeNumber('ID', 1)
const stepFlag = { value: text('STEP'), summary: 'Only those that this step gave up.' } as const
const choiceFlags = {
  all: { value: null, summary: 'All that are open.' },
  step: { value: text('STEP'), summary: 'All that are open and that this step gave up.' },
  again: { value: null, summary: 'Also letters that were replayed or discarded before; only with ids.' },
} as const

export const deadLettersList = command({
  name: 'dead-letters list',
  summary: 'Lists the rows that a topology gave up, with the step and the cause.',
  arguments: { topology },
  flags: {
    status: {
      value: oneOf('open', 'replayed', 'discarded', 'superseded', 'all'),
      summary: 'Default: open. superseded: of an earlier deployment.',
    },
    step: stepFlag,
    limit: { value: wholeNumber('N', 1), summary: 'Most letters to list.' },
    after: { value: id, summary: 'Begins behind the letter with this id.' },
  },
  notes: ['With --json each letter is one line, whole.'],
  examples: [
    { line: 'allsource dead-letters list orders', does: 'what is open' },
    { line: 'allsource dead-letters list orders --status all --step parse --json', does: 'all of one step, a line of JSON each' },
  ],
  async run({ arguments: { topology: name }, flags, terminal, open, signal }) {
    const given = Object.entries(flags).filter(([, value]) => value !== undefined)
    const count = await printLetters(terminal, (await open()).deadLetters(name).list(Object.fromEntries(given)), signal)
    if (count === 0)
      terminal.remark(flags.status === undefined ? 'no open dead letters; --status all lists the others, too' : 'no dead letters')
    else if (count === flags.limit) terminal.remark('the limit was reached; go on with --after ID')
  },
})

export const deadLettersShow = command({
  name: 'dead-letters show',
  summary: 'Shows one dead letter whole: cause, row, and the event it came from.',
  arguments: { topology, id: { value: id, summary: 'Id of the letter, as list prints it.' } },
  flags: {},
  notes: ['An id that is no letter’s is NOT_FOUND, exit 1.'],
  examples: [{ line: 'allsource dead-letters show orders 3', does: 'letter 3' }],
  async run({ arguments: { topology: name, id: letter }, terminal, open }) {
    await printLetter(terminal, await (await open()).deadLetters(name).show(letter))
  },
})

export const deadLettersReplay = command({
  name: 'dead-letters replay',
  summary: 'Sends dead letters back to the steps that gave them up, mended if need be.',
  arguments: { topology, id: { value: id, summary: 'Ids of letters, as list prints them.', many: true, optional: true } },
  flags: {
    ...choiceFlags,
    set: { value: json, summary: 'Columns to replace in each row, {"total":30}; null takes one away.' },
  },
  notes: [
    'Each row is written into the log, from where the topology takes it to its step when it runs: at once while a node is open ' +
      '(allsource start), else at the next start. ' +
      'A row that fails again is a new dead letter.',
    'Of --all and --step, letters that can not be replayed are skipped and stay open. One that is named and can not be replayed ' +
      'is INVALID, and then nothing is done.',
    'At a step with inOrder, later rows of the same key wait behind a letter and go with it, in order; --set changes only rows that are named. ' +
      'One that waits can not go before the one ahead of it.',
  ],
  examples: [
    { line: 'allsource dead-letters replay orders 3', does: 'one row again, as it was' },
    { line: `allsource dead-letters replay orders 3 4 --set '{"total":30}'`, does: 'two rows, with a column mended' },
    { line: 'allsource dead-letters replay orders --step enrich', does: 'all that one step gave up, after its table was mended' },
  ],
  async run(call) {
    const { set, again } = call.flags
    if (set !== undefined && (typeof set !== 'object' || set === null || Array.isArray(set)))
      throw invalid('--set', '--set must be an object of columns: {"total":30}')
    const options = { ...(set !== undefined && { set: set as Readonly<Record<string, unknown>> }), ...(again && { again }) }
    const choice = choiceOf(call)
    await printHandled(await (await call.open()).deadLetters(call.arguments.topology).replay(choice, options), call, 'replayed')
  },
})

export const deadLettersDiscard = command({
  name: 'dead-letters discard',
  summary: 'Puts dead letters away; they stay in the log, with the reason.',
  arguments: { topology, id: { value: id, summary: 'Ids of letters, as list prints them.', many: true, optional: true } },
  flags: { ...choiceFlags, reason: { value: text('TEXT'), summary: 'Why; kept with the letter.' } },
  notes: ['At a step with inOrder, the rows that waited behind a letter are replayed, in order.'],
  examples: [
    { line: `allsource dead-letters discard orders 3 --reason 'a test order'`, does: 'one letter, with the reason' },
    { line: 'allsource dead-letters discard orders --all', does: 'all that are open' },
  ],
  async run(call) {
    const { reason, again } = call.flags
    const choice = choiceOf(call)
    const options = { ...(reason !== undefined && { reason }), ...(again && { again }) }
    await printHandled(await (await call.open()).deadLetters(call.arguments.topology).discard(choice, options), call, 'discarded')
  },
})

interface Choosing {
  readonly arguments: { readonly topology: string; readonly id: readonly number[] | undefined }
  readonly flags: { readonly all: boolean | undefined; readonly step: string | undefined; readonly again: boolean | undefined }
}

/** Ids, or all, or those of a step: exactly one of them, so that nothing is chosen by oversight. */
function choiceOf({ arguments: { id: ids }, flags: { all, step, again } }: Choosing): DeadLetterChoice {
  const given = [ids, all, step].filter(one => one !== undefined).length
  if (given === 0) throw invalid('id', 'say which letters: ids, --step STEP, or --all')
  if (given > 1) throw invalid('id', 'ids, --step and --all exclude each other')
  if (again && ids === undefined) throw invalid('--again', '--again goes with ids')
  return ids ?? (step === undefined ? 'all' : { step })
}

async function printHandled(
  { letters, followers, skipped, waiting, position }: HandledLetters,
  { terminal, isRunning }: Pick<Call, 'terminal' | 'isRunning'>,
  done: 'replayed' | 'discarded',
): Promise<void> {
  if (terminal.json) return terminal.record({ [done]: letters, followers, skipped, waiting, position })
  const behind = `${followers} that waited behind ${letters === 1 ? 'it' : 'them'}`
  const more = followers === 0 ? '' : `, and ${behind}${done === 'replayed' ? '' : followers === 1 ? ' is replayed' : ' are replayed'}`
  const rest = skipped === 0 ? '' : `, ${skipped} that can not be replayed ${skipped === 1 ? 'stays' : 'stay'} open`
  await terminal.line(`${letters} ${letters === 1 ? 'letter is' : 'letters are'} ${done}${more}${rest}`)
  if (waiting > 0) terminal.remark(`${waiting} more of the same keys came meanwhile: replay again`)
  if (!isRunning() && (done === 'replayed' ? letters : followers) > 0)
    terminal.remark('the topology takes them while a node is open: allsource start')
}

function invalid(field: string, message: string): EventStoreError {
  return new EventStoreError('INVALID', message, { field })
}
