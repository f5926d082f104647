/** `allsource follow`: what is there, then what comes, until it is stopped. */
import { EventStoreError } from '../../../event/error.ts'
import type { SubscribeToAllOptions, SubscribeToStreamOptions } from '../../../event/event-store.ts'
import type { Event } from '../../../event/event.ts'
import { command } from '../command.ts'
import { type EventWriter, eventWriter } from '../event-output.ts'
import { type Place, list, place, text } from '../values.ts'

/** A table waits this long for more rows, so that rows that come together are aligned together. */
const gatherMs = 30

export const follow = command({
  name: 'follow',
  summary: 'Prints events of one stream, or of all, and goes on with those to come until it is stopped.',
  arguments: { stream: { value: text('STREAM'), summary: 'Name of the stream; all streams when left out.', optional: true } },
  flags: {
    from: {
      value: { ...place, placeholder: 'VERSION|POSITION|end' },
      summary: 'Version of the stream to begin at, or position to begin after; end: only what comes from now on. Default: the first event.',
    },
    types: { value: list, many: true, summary: 'Without a stream: only events of these types.' },
    categories: { value: list, many: true, summary: 'Without a stream: only streams of these categories.' },
    tags: { value: list, many: true, summary: 'Without a stream: only events with all of these tags.' },
    correlation: { value: list, many: true, summary: 'Without a stream: only events with one of these correlation ids in their metadata.' },
  },
  notes: ['Ctrl-C, or a SIGTERM, is its ordinary end: exit 0.'],
  examples: [
    { line: 'allsource follow', does: 'everything, from the first event on' },
    { line: 'allsource follow order-17 --from 12', does: 'one stream, from version 12 on' },
    { line: 'allsource follow --categories order --from end --json', does: 'new orders, a line of JSON each' },
  ],
  endsBySignal: true,
  async run(call) {
    const { stream } = call.arguments
    const { from, ...filter } = call.flags
    checkScope(stream, from, filter)
    const node = await call.open()
    const writer = eventWriter(call.terminal, stream === undefined ? 'all' : 'stream')
    const events: AsyncIterable<Event> =
      stream === undefined
        ? node.subscribeToAll(allOptions(from, filter, call.signal))
        : node.subscribeToStream(stream, streamOptions(from, call.signal))
    await printAsTheyCome(events, writer, call.signal)
  },
})

interface Filter {
  readonly types: readonly string[] | undefined
  readonly categories: readonly string[] | undefined
  readonly tags: readonly string[] | undefined
  readonly correlation: readonly string[] | undefined
}

function checkScope(stream: string | undefined, from: Place | undefined, filter: Filter): void {
  if (stream === undefined && from?.version !== undefined)
    throw invalid('--from is a position when all streams are followed, not a version')
  if (stream !== undefined && from?.position !== undefined) throw invalid('--from is a version when one stream is followed, not a position')
  if (stream !== undefined && Object.values(filter).some(given => given !== undefined))
    throw invalid('--types, --categories, --tags and --correlation go without a stream')
}

function streamOptions(from: Place | undefined, signal: AbortSignal): SubscribeToStreamOptions {
  const start = from?.end ? 'end' : from?.version
  return { signal, jsonAs: 'bytes', ...(start === undefined ? {} : { from: start }) }
}

function allOptions(from: Place | undefined, { types, categories, tags, correlation }: Filter, signal: AbortSignal): SubscribeToAllOptions {
  const start = from?.end ? 'end' : from?.position
  return {
    signal,
    jsonAs: 'bytes',
    ...(start === undefined ? {} : { from: start }),
    ...(types && { types }),
    ...(categories && { categories }),
    ...(tags && { tags }),
    ...(correlation && { correlation }),
  }
}

async function printAsTheyCome(events: AsyncIterable<Event>, writer: EventWriter, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | null = null
  try {
    for await (const event of events) {
      if (signal.aborted) break
      await writer.event(event)
      timer ??= setTimeout(() => {
        timer = null
        void writer.flush()
      }, gatherMs)
    }
  } catch (error) {
    // An aborted subscription may end by an error or by an end; here both are what was asked for.
    if (!signal.aborted) throw error
  }
  clearTimeout(timer ?? undefined)
  await writer.flush()
}

function invalid(message: string): EventStoreError {
  return new EventStoreError('INVALID', message, { field: '--from' })
}
