/** `allsource append`: one event from the command line, or many from standard input. */
import { EventStoreError, isEventStoreError } from '../../../event/error.ts'
import type { EventStore } from '../../../event/event-store.ts'
import type { AppendResult, ExpectedVersion, NewEvent } from '../../../event/event.ts'
import { type Call, command } from '../command.ts'
import { type Batch, batchesOf } from '../event-input.ts'
import { expectedVersion, jsonText, oneOf, text } from '../values.ts'

export const append = command({
  name: 'append',
  summary: 'Appends events to a stream: one by --data, or one for each line of standard input.',
  arguments: { stream: { value: text('STREAM'), summary: 'Name of the stream; it begins with its first event.' } },
  flags: {
    type: { value: text('TYPE'), summary: 'Type of the event; with standard input, of every line, which then is plain data.' },
    data: { value: jsonText, summary: 'Data of the event. A value that is not JSON is the directory of the store.', claims: isMeantAsJson },
    expected: {
      value: expectedVersion,
      summary: 'What the stream must be at: a version (0 = no events), none, exists or any. Default: any.',
    },
    id: { value: text('ID'), summary: 'Id of the event given by --data; sent again, it is stored once.' },
    'partition-key': {
      value: text('KEY'),
      summary: 'Partition key of the stream, its for ever. Default: the one it has, at first that of its name.',
    },
    durability: { value: oneOf('memory', 'os', 'disk'), summary: 'When to answer: numbered, written, or synced. Default: the store’s.' },
  },
  notes: [
    'Lines of standard input are events { "type", "data", "id"?, "time"?, "tags"?, "metadata"? }, or plain data when ' +
      '--type is given. Lines that read --json printed can be appended as they are.',
    'Input is appended in batches of at most 10,000 lines or 4 MiB, each all or nothing. A line that is not valid ends it: ' +
      'nothing of its batch is stored, and the error says which line it is and how many lines before it are stored.',
    'With --json the answer to each batch is one line, printed when it is stored: { stream, firstVersion, version, …, position, durability, events }. ' +
      'A pause in the input ends a batch, so lines that come slowly are answered as they come.',
    '--data before the command is always the directory; behind it, JSON is the event’s data and anything else the ' +
      'directory. ALLSOURCE_DATA leaves no doubt.',
  ],
  examples: [
    { line: `allsource append order-17 --type placed --data '{"item":"tea","count":2}'`, does: 'append one event' },
    { line: `allsource append order-17 --type paid --data '{}' --expected 1`, does: 'only if the stream is at version 1, else exit 3' },
    {
      line: `allsource append seat-7 --type sold --data '{}' --partition-key show-1`,
      does: 'into the partition of other streams with this key',
    },
    { line: 'allsource append order-17 < events.ndjson', does: 'append a file of events, a line each' },
    { line: 'tail -f access.ndjson | allsource append web-access --type request', does: 'append lines of plain data as they come' },
  ],
  makesStore: true,
  async run(call) {
    const { data, id } = call.flags
    if (data === undefined && id !== undefined)
      throw invalid('--id', '--id goes with --data; lines of standard input have an "id" of their own')
    const { terminal } = call
    let first = null as AppendResult | null
    let last = null as AppendResult | null
    for await (const { answer, events } of data === undefined ? appendLines(call) : appendOne(call, data)) {
      first ??= answer
      last = answer
      if (!terminal.json) continue
      await terminal.record({ ...answer, events })
      await terminal.flush()
    }
    if (terminal.json || !first || !last) return
    await terminal.line(`${last.stream}  ${versionsText(first.firstVersion, last.version)}  position ${last.position}`)
  },
})

interface Flags {
  readonly type: string | undefined
  readonly data: string | undefined
  readonly id: string | undefined
  readonly expected: ExpectedVersion | undefined
  readonly durability: 'memory' | 'os' | 'disk' | undefined
  readonly 'partition-key': string | undefined
}
type AppendCall = Call<{ readonly stream: string }, Flags>

/** The answer to one batch. */
interface Stored {
  readonly answer: AppendResult
  readonly events: number
}

async function* appendOne(call: AppendCall, data: string): AsyncGenerator<Stored> {
  const { type, id, expected } = call.flags
  if (type === undefined) throw invalid('--type', '--data needs the --type of the event')
  const event: NewEvent = { type, data: Buffer.from(data), encoding: 'json', ...(id === undefined ? {} : { id }) }
  yield { answer: await appendBatch(await call.open(), call, [event], expected), events: 1 }
}

/** Nothing when a signal came before the first batch was whole. */
async function* appendLines(call: AppendCall): AsyncGenerator<Stored> {
  const { input, terminal, signal, limits, flags } = call
  if (input.isTTY) terminal.remark('reading events from the keyboard, a line each; end with Ctrl-D')
  const progress = terminal.progress('appending', 'count')
  const stored = { lines: 0, events: 0 }
  let { expected } = flags
  try {
    for await (const batch of batchesOf(input, { type: flags.type, limits, signal })) {
      const answer = await appendLinesOf(batch, call, expected)
      // A stream that was expected somewhere is from now on expected where we left it.
      if (typeof expected === 'number' || expected === 'none') expected = answer.version
      stored.lines = batch.lines.at(-1) ?? stored.lines
      stored.events += batch.events.length
      progress.update(null, `${stored.events.toLocaleString('en-US')} events`)
      yield { answer, events: batch.events.length }
    }
  } catch (error) {
    throw withStored(error, stored)
  } finally {
    progress.end()
  }
  if (stored.events > 0 || signal.aborted) return
  const hint = 'give --data JSON (a text in quotes of its own), or lines of events'
  throw invalid('stdin', `standard input holds no events to append to ${call.where}; ${hint}`)
}

async function appendLinesOf(batch: Batch, call: AppendCall, expected: ExpectedVersion | undefined): Promise<AppendResult> {
  try {
    return await appendBatch(await call.open(), call, batch.events, expected)
  } catch (error) {
    const index = /^events\[(\d+)\]/.exec(isEventStoreError(error) ? String(error.details['field']) : '')?.[1]
    const line = index === undefined ? undefined : batch.lines[Number(index)]
    if (line === undefined || !isEventStoreError(error)) throw error
    throw new EventStoreError(
      error.code,
      `line ${line}: ${error.message.replace(/events\[\d+\]\.?/, '')}`,
      { ...error.details, line },
      { cause: error },
    )
  }
}

async function appendBatch(
  node: EventStore,
  call: AppendCall,
  events: readonly NewEvent[],
  expected: ExpectedVersion | undefined,
): Promise<AppendResult> {
  const { durability, 'partition-key': partitionKey } = call.flags
  const options = {
    ...(expected === undefined ? {} : { expectedVersion: expected }),
    ...(durability === undefined ? {} : { durability }),
    ...(partitionKey === undefined ? {} : { partitionKey }),
  }
  const answer = await node.appendToStream(call.arguments.stream, events, options)
  if (answer.duplicate)
    throw new EventStoreError('DUPLICATE_ID', 'the append was taken for one of a producer, which the command line is not')
  return answer
}

/** How far the input came, so that a script can go on behind it. */
function withStored(error: unknown, stored: { lines: number; events: number }): unknown {
  if (!isEventStoreError(error)) return error
  const remark = stored.events === 0 ? 'nothing is stored' : `lines 1 to ${stored.lines} are stored, and nothing behind them`
  return new EventStoreError(
    error.code,
    `${error.message} (${remark})`,
    { ...error.details, linesStored: stored.lines, eventsStored: stored.events },
    { cause: error },
  )
}

function versionsText(first: number, last: number): string {
  return first === last ? `version ${last}` : `versions ${first} to ${last}`
}

/** `--data` behind `append` is the event's where it can only be JSON, well-formed or not. */
function isMeantAsJson(given: string): boolean {
  if (/^\s*[[{"]/.test(given)) return true
  try {
    JSON.parse(given)
    return true
  } catch {
    return false
  }
}

function invalid(field: string, message: string): EventStoreError {
  return new EventStoreError('INVALID', message, { field })
}
