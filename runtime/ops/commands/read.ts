/** `allsource read`: events of one stream, or of all in their total order. */
import { EventStoreError } from '../../../event/error.ts'
import type { AsOf, EventFilter, EventStore, ReadAllOptions, ReadStreamOptions } from '../../../event/event-store.ts'
import type { Event } from '../../../event/event.ts'
import type { ReadLevel } from '../../../event/read-level.ts'
import { type Call, command } from '../command.ts'
import { eventWriter } from '../event-output.ts'
import { type Place, asOf, list, oneOf, place, text, time, wholeNumber } from '../values.ts'

export const read = command({
  name: 'read',
  summary: 'Reads events of one stream, or of all with --all.',
  arguments: { stream: { value: text('STREAM'), summary: 'Name of the stream.', optional: true } },
  flags: {
    all: { value: null, summary: 'Reads all streams in their total order.' },
    from: { value: place, summary: 'Version to begin at, inclusive; with --all the position to begin after (backwards: before).' },
    to: { value: wholeNumber('VERSION', 1), summary: 'Last version to read, inclusive.' },
    limit: { value: wholeNumber('N', 1), summary: 'Most events to read.' },
    backwards: { value: null, summary: 'Newest first.' },
    level: {
      value: oneOf('leader', 'any'),
      summary: 'In a cluster: all that is committed by now, or what this node has of it. Default leader.',
    },
    asOf: { value: asOf, summary: 'Leaves out what was recorded later than a time, or stands behind a position.' },
    types: { value: list, many: true, summary: 'With --all: only events of these types.' },
    categories: { value: list, many: true, summary: 'With --all: only streams of these categories (the text before the first -).' },
    tags: { value: list, many: true, summary: 'With --all: only events with all of these tags.' },
    correlation: { value: list, many: true, summary: 'With --all: only events with one of these correlation ids in their metadata.' },
    since: { value: time, summary: 'With --all: only what was recorded at this time or later.' },
    until: { value: time, summary: 'With --all: only what was recorded before this time.' },
    system: { value: null, summary: 'With --all: also the system’s own streams, $….' },
  },
  notes: [
    'With --json each event is one line. Versions and positions in the answer are accepted by --from, so a long read can be taken in parts.',
  ],
  examples: [
    { line: 'allsource read order-17', does: 'a whole stream' },
    { line: 'allsource read order-17 --backwards --limit 5', does: 'the newest five events' },
    { line: 'allsource read order-17 --as-of 2026-01-31T12:00:00Z', does: 'the stream as it was then' },
    { line: 'allsource read --all --categories order --types placed,paid --limit 100', does: 'all orders, two types' },
    { line: 'allsource read --all --correlation checkout-81 --since 2026-01-31', does: 'what came of one checkout' },
    { line: 'allsource read --all --json | jq -r .type | sort | uniq -c', does: 'count events by type' },
  ],
  async run(call) {
    const { stream } = call.arguments
    checkScope(stream, call.flags)
    const node = await call.open()
    await print(
      stream === undefined ? readAll(node, call.flags) : readStream(node, stream, call.flags),
      call,
      stream === undefined ? 'all' : 'stream',
    )
  },
})

interface Flags {
  readonly all: boolean | undefined
  readonly from: Place | undefined
  readonly to: number | undefined
  readonly limit: number | undefined
  readonly backwards: boolean | undefined
  readonly level: ReadLevel | undefined
  readonly asOf: AsOf | undefined
  readonly types: readonly string[] | undefined
  readonly categories: readonly string[] | undefined
  readonly tags: readonly string[] | undefined
  readonly correlation: readonly string[] | undefined
  readonly since: number | Date | undefined
  readonly until: number | Date | undefined
  readonly system: boolean | undefined
}

const flagsOfAll = ['types', 'categories', 'tags', 'correlation', 'since', 'until', 'system'] as const

/** A stream or all, and only the flags that mean something there. */
function checkScope(stream: string | undefined, flags: Flags): void {
  if (stream === undefined && !flags.all) throw invalid('stream', 'say which stream to read, or --all')
  if (stream !== undefined && flags.all) throw invalid('--all', 'read one stream or --all, not both')
  const foreign = stream === undefined ? (['to'] as const) : flagsOfAll
  for (const name of foreign)
    if (flags[name] !== undefined)
      throw invalid(`--${name}`, stream === undefined ? '--to is a version, which only a stream has' : `--${name} goes with --all`)
  if (flags.from?.end) throw invalid('--from', '--from end is for follow; --backwards reads from the end')
  if (stream !== undefined && flags.from?.position !== undefined)
    throw invalid('--from', '--from is a version when one stream is read, not a position')
  if (stream === undefined && flags.from?.version !== undefined) throw invalid('--from', '--from is a position with --all, not a version')
}

function readStream(node: EventStore, stream: string, { from, to, ...flags }: Flags): AsyncIterable<Event> {
  const options: ReadStreamOptions = {
    ...eitherOptions(flags),
    ...(from?.version === undefined ? {} : { from: from.version }),
    ...(to === undefined ? {} : { to }),
  }
  return node.readStream(stream, options)
}

function readAll(node: EventStore, { from, ...flags }: Flags): AsyncIterable<Event> {
  const filter: EventFilter = Object.fromEntries(flagsOfAll.flatMap(name => (flags[name] === undefined ? [] : [[name, flags[name]]])))
  const options: ReadAllOptions = { ...eitherOptions(flags), ...filter, ...(from?.position === undefined ? {} : { from: from.position }) }
  return node.readAll(options)
}

function eitherOptions({
  limit,
  backwards,
  asOf,
  level,
}: Pick<Flags, 'limit' | 'backwards' | 'asOf' | 'level'>): Pick<ReadStreamOptions, 'direction' | 'limit' | 'asOf' | 'level' | 'jsonAs'> {
  return {
    jsonAs: 'bytes',
    direction: backwards ? 'backwards' : 'forwards',
    ...(limit === undefined ? {} : { limit }),
    ...(asOf === undefined ? {} : { asOf }),
    ...(level === undefined ? {} : { level }),
  }
}

async function print(
  events: AsyncIterable<Event>,
  { terminal, signal, flags }: Pick<Call<unknown, Flags>, 'terminal' | 'signal' | 'flags'>,
  of: 'stream' | 'all',
): Promise<void> {
  const writer = eventWriter(terminal, of)
  let count = 0
  let last: Event | null = null
  for await (const event of events) {
    if (signal.aborted) break
    await writer.event(event)
    count++
    last = event
  }
  await writer.flush()
  if (!last) terminal.remark('no events')
  else if (count === flags.limit) terminal.remark(nextPart(last, flags, of))
}

/** Where the next part of a limited read begins; nothing when there can be none. */
function nextPart(last: Event, { backwards }: Flags, of: 'stream' | 'all'): string {
  if (of === 'all') return `the limit was reached; go on with --from ${last.position}`
  const next = last.version + (backwards ? -1 : 1)
  return next < 1 ? 'that was the first event' : `the limit was reached; go on with --from ${next}`
}

function invalid(field: string, message: string): EventStoreError {
  return new EventStoreError('INVALID', message, { field })
}
